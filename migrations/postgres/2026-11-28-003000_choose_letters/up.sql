-- When a letter about it is due, by how often its person wants letters; none is without.
ALTER TABLE notices ADD COLUMN due_at TIMESTAMP;
CREATE INDEX notices_due ON notices (due_at, user_id) WHERE due_at IS NOT NULL;
-- How often somebody is written to, a row a topic. Without one, users.tell_by_mail holds.
CREATE TABLE mail_wishes (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    topic TEXT NOT NULL,
    -- instant, daily, weekly or off.
    rate TEXT NOT NULL,
    PRIMARY KEY (user_id, topic)
);
-- Whose talk somebody does not want to be told of any more.
CREATE TABLE thread_mutes (
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, project_id)
);
