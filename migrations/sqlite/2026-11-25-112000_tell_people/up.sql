-- What an inbox holds: a comment that names somebody, answers them, or stands on what they made.
-- No words of it: those stand in the comment, and go with it.
CREATE TABLE notices (
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
CREATE INDEX notices_newest ON notices (user_id, id);
CREATE INDEX notices_unread ON notices (user_id, comment_id) WHERE read_at IS NULL;
CREATE INDEX notices_comment ON notices (comment_id);
-- What each wants to be told of, and whether by mail too.
ALTER TABLE users ADD COLUMN tell_mentions BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE users ADD COLUMN tell_replies BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE users ADD COLUMN tell_comments BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE users ADD COLUMN tell_by_mail BOOLEAN NOT NULL DEFAULT TRUE;
