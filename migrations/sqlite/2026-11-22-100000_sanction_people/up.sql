-- What moderators do about a person, each with a reason and an end, each undone in one act.
CREATE TABLE sanctions (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id),
    by_id BIGINT NOT NULL REFERENCES users (id),
    -- hold, warn, suspend, clear or ban.
    kind TEXT NOT NULL,
    -- What it shuts: posting, or all (log-in too). NULL: neither.
    scope TEXT,
    -- As the person reads it.
    reason TEXT NOT NULL,
    -- Of a hold: how many texts it was for, and how many it still holds.
    texts INTEGER,
    texts_left INTEGER,
    -- NULL: a ban, or it ends in another way.
    until TIMESTAMP,
    -- Of a warning: when the person said that they had read it.
    read_at TIMESTAMP,
    -- When a letter about it was queued.
    told_at TIMESTAMP,
    -- What they wrote that was decided in the same act.
    batch_id BIGINT REFERENCES batches (id),
    created_at TIMESTAMP NOT NULL,
    undone_at TIMESTAMP,
    undone_by BIGINT REFERENCES users (id)
);
CREATE INDEX sanctions_user ON sanctions (user_id, id);
CREATE INDEX sanctions_batch ON sanctions (batch_id) WHERE batch_id IS NOT NULL;

-- What moderators tell one another about a person.
CREATE TABLE person_notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id),
    by_id BIGINT NOT NULL REFERENCES users (id),
    text TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX person_notes_user ON person_notes (user_id, id);

-- What the sanctions in force come to, beside suspended_until, so that the gate asks no other table.
ALTER TABLE users ADD COLUMN locked_out_until TIMESTAMP;
-- The oldest warning that was not read yet.
ALTER TABLE users ADD COLUMN warning_id BIGINT;
CREATE INDEX users_suspended ON users (suspended_until) WHERE suspended_until IS NOT NULL;

-- A keyed hash of the network it was opened from.
ALTER TABLE sessions ADD COLUMN network TEXT NOT NULL DEFAULT '';
-- Who shares a network with whom.
CREATE INDEX sessions_network ON sessions (network, user_id);
CREATE INDEX users_network ON users (network, id);
CREATE INDEX items_network_author ON items (network, author_id);
-- Who had most taken away.
CREATE INDEX items_taken ON items (state, author_id) WHERE state IN ('removed', 'spam');

ALTER TABLE log ADD COLUMN sanction_id BIGINT;
