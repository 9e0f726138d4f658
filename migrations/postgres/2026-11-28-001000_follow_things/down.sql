ALTER TABLE users DROP COLUMN followers;
ALTER TABLE projects DROP COLUMN followers;
DROP TABLE tag_follows;
DROP TABLE person_follows;
DROP TABLE project_follows;
