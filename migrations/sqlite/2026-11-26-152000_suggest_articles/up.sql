-- Articles that readers suggest for the guide: for moderators alone until one of them accepts it.
CREATE TABLE articles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    by_id BIGINT NOT NULL REFERENCES users (id),
    title TEXT NOT NULL,
    url TEXT NOT NULL,
    why TEXT NOT NULL,
    -- waiting, accepted or declined.
    state TEXT NOT NULL DEFAULT 'waiting',
    created_at TIMESTAMP NOT NULL,
    decided_at TIMESTAMP,
    decided_by BIGINT REFERENCES users (id)
);
CREATE INDEX articles_state ON articles (state, id);
CREATE INDEX articles_by ON articles (by_id, id);
