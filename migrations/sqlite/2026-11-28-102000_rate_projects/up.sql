-- What the makers of a project want to know. None: they seek no ratings.
CREATE TABLE project_aspects (
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    -- The word of the site's list, so that a rating outlives the list.
    aspect TEXT NOT NULL,
    PRIMARY KEY (project_id, aspect)
);
-- What they ask with a release, as readers see it.
CREATE TABLE release_questions (
    release_id BIGINT NOT NULL REFERENCES releases (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    question TEXT NOT NULL,
    PRIMARY KEY (release_id, number)
);
-- One a person, project and release; the newest of a person is what counts for the project.
CREATE TABLE ratings (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- The newest when it was given.
    release_id BIGINT REFERENCES releases (id),
    -- The comment that it was given with.
    comment_id BIGINT REFERENCES items (id),
    -- The answers to the questions of the makers: an item, for they are text.
    answers_id BIGINT REFERENCES items (id),
    is_newest BOOLEAN NOT NULL DEFAULT TRUE,
    -- As rating.rs::weigh found it last.
    counts BOOLEAN NOT NULL DEFAULT FALSE,
    -- A keyed hash of where it came from, for 30 days.
    network TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL,
    changed_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX ratings_one ON ratings (project_id, user_id, coalesce(release_id, 0));
CREATE INDEX ratings_user ON ratings (user_id, project_id);
CREATE INDEX ratings_comment ON ratings (comment_id) WHERE comment_id IS NOT NULL;
CREATE INDEX ratings_answers ON ratings (answers_id) WHERE answers_id IS NOT NULL;
CREATE INDEX ratings_changed ON ratings (changed_at);
CREATE TABLE rating_steps (
    rating_id BIGINT NOT NULL REFERENCES ratings (id) ON DELETE CASCADE,
    aspect TEXT NOT NULL,
    step INTEGER NOT NULL,
    PRIMARY KEY (rating_id, aspect)
);
-- What pages show. Moved in the transaction that moves a rating. The aspect '' with step 0 is how
-- many people rated.
CREATE TABLE rating_counts (
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    aspect TEXT NOT NULL,
    step INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (project_id, aspect, step)
);
-- Ten-thousandths of the lower bound of its ratings; 0: too few.
ALTER TABLE project_ranks ADD COLUMN rated INTEGER NOT NULL DEFAULT 0;
CREATE INDEX project_ranks_rated ON project_ranks (rated DESC, project_id DESC) WHERE rated > 0;
