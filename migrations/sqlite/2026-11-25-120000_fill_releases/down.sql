DROP TABLE deletions;
ALTER TABLE comments DROP COLUMN release_id;
ALTER TABLE releases DROP COLUMN edited_at;
ALTER TABLE releases DROP COLUMN prerelease;
DROP TABLE release_links;
