-- What makers do with comments on their own projects. An act stands until it is undone.
CREATE TABLE maker_acts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    item_id BIGINT NOT NULL REFERENCES items (id),
    project_id BIGINT NOT NULL REFERENCES items (id),
    by_id BIGINT NOT NULL REFERENCES users (id),
    -- hold, hide, fold, pin or helped.
    kind TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    undone_at TIMESTAMP,
    undone_by BIGINT REFERENCES users (id),
    -- A moderator took it back: the makers do not do it again.
    overruled BOOLEAN NOT NULL DEFAULT false
);
CREATE INDEX maker_acts_item ON maker_acts (item_id, id);
CREATE INDEX maker_acts_standing ON maker_acts (project_id, kind, id) WHERE undone_at IS NULL;

-- Whom a maker does not want to comment on the projects they make.
CREATE TABLE blocks (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    by_id BIGINT NOT NULL REFERENCES users (id),
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- Where it was done, for moderators.
    comment_id BIGINT REFERENCES comments (id),
    created_at TIMESTAMP NOT NULL,
    lifted_at TIMESTAMP,
    lifted_by BIGINT REFERENCES users (id)
);
-- For the gate. One at a time.
CREATE UNIQUE INDEX blocks_standing ON blocks (user_id, by_id) WHERE lifted_at IS NULL;
CREATE INDEX blocks_user ON blocks (user_id, id);
CREATE INDEX blocks_by ON blocks (by_id, id);

-- What the acts come to where threads are read, so that a page asks no other table.
ALTER TABLE comments ADD COLUMN folded_at TIMESTAMP;
ALTER TABLE comments ADD COLUMN helped_at TIMESTAMP;
-- A top-level comment that is shown first.
ALTER TABLE threads ADD COLUMN pinned_id BIGINT;

-- What waits for the makers of a project.
CREATE INDEX items_maker ON items (project_id, id) WHERE queue = 'maker';
