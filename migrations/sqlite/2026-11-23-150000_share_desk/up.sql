-- Who has which item open, so that two moderators do not read the same text. It binds nobody and
-- runs out by itself.
CREATE TABLE claims (
    item_id INTEGER PRIMARY KEY NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id),
    until TIMESTAMP NOT NULL,
    since TIMESTAMP NOT NULL
);
CREATE INDEX claims_user ON claims (user_id, until);
CREATE INDEX claims_until ON claims (until);

-- How a moderator likes the desk: keys, one item at a time, blurred texts, when to offer a break.
CREATE TABLE desk_habits (
    user_id INTEGER PRIMARY KEY NOT NULL REFERENCES users (id),
    keys TEXT NOT NULL DEFAULT '',
    one_at_a_time BOOLEAN NOT NULL DEFAULT FALSE,
    blur BOOLEAN NOT NULL DEFAULT FALSE,
    -- Minutes of work without a pause; 0: never.
    break_after INTEGER NOT NULL DEFAULT 45
);

-- One moderator's newest acts: what is theirs to undo, and how long they have been at it.
CREATE INDEX batches_by ON batches (by_id, id);

-- Since when something reported waits.
CREATE INDEX reports_open ON reports (created_at) WHERE closed_by IS NULL;
