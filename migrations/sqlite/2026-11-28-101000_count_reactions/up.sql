-- One of each sign, a person and a text. The sign itself is kept, so that what was given outlives the
-- set that the site offers.
CREATE TABLE reactions (
    item_id BIGINT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    sign TEXT NOT NULL,
    -- False: its giver makes the work now, or is banned, or was cleared away after it.
    counts BOOLEAN NOT NULL DEFAULT TRUE,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (item_id, user_id, sign)
);
CREATE INDEX reactions_user ON reactions (user_id, item_id);
-- What pages show. Moved in the transaction that moves a reaction.
CREATE TABLE reaction_counts (
    item_id BIGINT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    sign TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (item_id, sign)
);
