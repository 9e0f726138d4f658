-- Since when somebody makes it; of those who were there first it is not known.
ALTER TABLE project_makers ADD COLUMN joined_at TIMESTAMP;

-- Who is asked to make it too. A row goes when it is accepted or taken back, and stays for a while
-- when it was declined, so that nobody is asked again and again.
CREATE TABLE maker_invitations (
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    by_id BIGINT NOT NULL REFERENCES users (id),
    created_at TIMESTAMP NOT NULL,
    declined_at TIMESTAMP,
    PRIMARY KEY (project_id, user_id)
);
CREATE INDEX maker_invitations_user ON maker_invitations (user_id, created_at);
