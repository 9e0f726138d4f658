CREATE TABLE notices_old (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- mention, reply or comment.
    kind TEXT NOT NULL,
    comment_id BIGINT NOT NULL REFERENCES comments (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL,
    read_at TIMESTAMP,
    mailed_at TIMESTAMP,
    UNIQUE (user_id, comment_id)
);
INSERT INTO notices_old (id, user_id, kind, comment_id, created_at, read_at, mailed_at)
    SELECT id, user_id, kind, comment_id, created_at, read_at, mailed_at FROM notices
    WHERE comment_id IN (SELECT id FROM comments);
DROP TABLE notices;
ALTER TABLE notices_old RENAME TO notices;
CREATE INDEX notices_newest ON notices (user_id, id);
CREATE INDEX notices_unread ON notices (user_id, comment_id) WHERE read_at IS NULL;
CREATE INDEX notices_comment ON notices (comment_id);
