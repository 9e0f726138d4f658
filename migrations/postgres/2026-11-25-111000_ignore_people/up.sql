-- Whom somebody does not want to read. Nobody else is told.
CREATE TABLE ignores (
    by_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (by_id, user_id)
);
