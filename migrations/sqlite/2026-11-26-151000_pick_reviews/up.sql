-- Comments that moderators picked for the guide as good reviews. Each is shown once its author says
-- yes, and for as long as they do.
CREATE TABLE good_reviews (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    comment_id BIGINT NOT NULL REFERENCES comments (id) ON DELETE CASCADE,
    author_id BIGINT NOT NULL REFERENCES users (id),
    by_id BIGINT NOT NULL REFERENCES users (id),
    created_at TIMESTAMP NOT NULL,
    -- What the author said, if anything yet.
    consented BOOLEAN,
    answered_at TIMESTAMP,
    undone_at TIMESTAMP,
    undone_by BIGINT REFERENCES users (id)
);
CREATE UNIQUE INDEX good_reviews_standing ON good_reviews (comment_id) WHERE undone_at IS NULL;
CREATE INDEX good_reviews_author ON good_reviews (author_id, id);
