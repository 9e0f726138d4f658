-- Where a release can be had, one row a system and address. Releases of before have theirs in
-- `releases.url` alone, which goes on holding the first one.
CREATE TABLE release_links (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    release_id BIGINT NOT NULL REFERENCES releases (id) ON DELETE CASCADE,
    -- linux, macos, windows, web, android, ios, source or other.
    system TEXT NOT NULL,
    url TEXT NOT NULL
);
CREATE INDEX release_links_release ON release_links (release_id, id);
CREATE INDEX release_links_system ON release_links (system, release_id);

ALTER TABLE releases ADD COLUMN prerelease BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE releases ADD COLUMN edited_at TIMESTAMP;

-- The newest release when it was written.
ALTER TABLE comments ADD COLUMN release_id BIGINT;

-- What makers took off the table and may bring back: as it stood before.
CREATE TABLE deletions (
    item_id INTEGER PRIMARY KEY NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    by_id BIGINT NOT NULL REFERENCES users (id),
    at TIMESTAMP NOT NULL,
    before TEXT NOT NULL
);
