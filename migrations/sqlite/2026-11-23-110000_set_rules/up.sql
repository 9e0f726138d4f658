-- What moderators set for the intake, each with an author and an end.
CREATE TABLE rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    -- words, pattern, domain, network, mail, newcomer, slow or raid.
    kind TEXT NOT NULL,
    -- The phrase, the pattern, the domain, the network, the project's name in its address; else empty.
    pattern TEXT NOT NULL,
    -- Days of an account's age, minutes between comments, hours of a raid; else 0.
    number INTEGER NOT NULL,
    -- hold, spam or refuse.
    outcome TEXT NOT NULL,
    note TEXT NOT NULL,
    by_id BIGINT NOT NULL REFERENCES users (id),
    created_at TIMESTAMP NOT NULL,
    until TIMESTAMP NOT NULL,
    -- Ended by somebody before its time.
    ended_at TIMESTAMP,
    ended_by BIGINT REFERENCES users (id),
    -- Sign-ups that it refused: they leave nothing else behind.
    turned_away INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX rules_until ON rules (until);

-- Which texts a rule met.
CREATE TABLE rule_hits (
    rule_id BIGINT NOT NULL REFERENCES rules (id),
    item_id BIGINT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    at TIMESTAMP NOT NULL,
    PRIMARY KEY (rule_id, item_id)
) WITHOUT ROWID;
CREATE INDEX rule_hits_item ON rule_hits (item_id);

-- The full address a text came from, for 30 days; beyond, only the keyed hash in items.network.
CREATE TABLE item_addresses (
    item_id BIGINT PRIMARY KEY NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    address TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);
CREATE INDEX item_addresses_at ON item_addresses (at);

-- Whether a thread is heated is asked at each comment.
CREATE INDEX reports_created ON reports (created_at);
