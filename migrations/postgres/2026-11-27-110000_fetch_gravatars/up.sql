-- Who was asked for at Gravatar, and what came, where the setting allows it.
CREATE TABLE gravatars (
    user_id BIGINT PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    picture_id BIGINT REFERENCES pictures (id) ON DELETE SET NULL,
    -- They want none.
    refused BOOLEAN NOT NULL DEFAULT FALSE,
    asked_at TIMESTAMP NOT NULL
);
CREATE INDEX gravatars_asked ON gravatars (asked_at);
