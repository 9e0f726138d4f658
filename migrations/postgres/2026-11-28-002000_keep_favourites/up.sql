-- What somebody keeps as a favourite: for themselves, or on their page. `counts` is false for who is
-- banned; `chosen_at` is when they last said whether it is public.
CREATE TABLE favourites (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    public BOOLEAN NOT NULL,
    counts BOOLEAN NOT NULL,
    created_at TIMESTAMP NOT NULL,
    chosen_at TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, project_id)
);
CREATE INDEX favourites_newest ON favourites (user_id, created_at, project_id);
CREATE INDEX favourites_project ON favourites (project_id, created_at);
ALTER TABLE projects ADD COLUMN favourites INTEGER NOT NULL DEFAULT 0;
-- What people who keep a project keep beside it, counted each hour from the public ones of three
-- people and more.
CREATE TABLE liked_also (
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    other_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    people INTEGER NOT NULL,
    PRIMARY KEY (project_id, other_id)
);
CREATE INDEX liked_also_other ON liked_also (other_id);
