-- Links of published profiles, and whether the page there links back.
CREATE TABLE link_proofs (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    -- Null: it does not, or not yet.
    proved_at TIMESTAMP,
    checked_at TIMESTAMP,
    next_at TIMESTAMP NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    -- Why it is not proved.
    error TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (user_id, url)
);
CREATE INDEX link_proofs_next ON link_proofs (next_at);
