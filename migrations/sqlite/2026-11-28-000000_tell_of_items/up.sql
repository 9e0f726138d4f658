-- A notice is about any item from now on, not about comments alone. Their numbers are the same, so the
-- column keeps its name while the version before still reads it. SQLite changes a reference only by a
-- new table, which takes about three seconds a million notices.
CREATE TABLE notices_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- A word of models/src/notice.rs.
    kind TEXT NOT NULL,
    comment_id BIGINT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL,
    read_at TIMESTAMP,
    mailed_at TIMESTAMP,
    UNIQUE (user_id, comment_id)
);
INSERT INTO notices_new (id, user_id, kind, comment_id, created_at, read_at, mailed_at)
    SELECT id, user_id, kind, comment_id, created_at, read_at, mailed_at FROM notices;
DROP TABLE notices;
ALTER TABLE notices_new RENAME TO notices;
CREATE INDEX notices_newest ON notices (user_id, id);
CREATE INDEX notices_unread ON notices (user_id, comment_id) WHERE read_at IS NULL;
CREATE INDEX notices_comment ON notices (comment_id);
