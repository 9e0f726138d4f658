ALTER TABLE projects DROP COLUMN secret;
ALTER TABLE projects DROP COLUMN unlisted;
