-- What people say of themselves is text as every other, and has an item. What readers see of it
-- stands in `users` (name, words) and here (links), where it is read.
CREATE TABLE profiles (
    id BIGINT PRIMARY KEY NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
    -- JSON: where else they are.
    links TEXT NOT NULL DEFAULT '[]',
    -- Their own choice, shown or not.
    picture_id BIGINT REFERENCES pictures (id)
);
CREATE INDEX profiles_picture ON profiles (picture_id) WHERE picture_id IS NOT NULL;
-- The file of the picture that readers see, without its size: `{key}.{extension}`.
ALTER TABLE users ADD COLUMN avatar TEXT;
