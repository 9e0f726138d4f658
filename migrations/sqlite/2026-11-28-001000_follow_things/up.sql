-- What somebody follows. `counts` is false for who is banned: their row stays, for the undo.
CREATE TABLE project_follows (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL,
    counts BOOLEAN NOT NULL,
    PRIMARY KEY (user_id, project_id)
);
CREATE INDEX project_follows_project ON project_follows (project_id, user_id);
CREATE TABLE person_follows (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    person_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL,
    counts BOOLEAN NOT NULL,
    PRIMARY KEY (user_id, person_id)
);
CREATE INDEX person_follows_person ON person_follows (person_id, user_id);
CREATE TABLE tag_follows (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, tag)
);
CREATE INDEX tag_follows_tag ON tag_follows (tag, user_id);
-- How many follow it or them, for its makers and themselves alone.
ALTER TABLE projects ADD COLUMN followers INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN followers INTEGER NOT NULL DEFAULT 0;
