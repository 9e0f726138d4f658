-- The numbers that projects had on another site, whose addresses lead on.
CREATE TABLE old_numbers (
    number BIGINT PRIMARY KEY NOT NULL,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE
);
CREATE INDEX old_numbers_project ON old_numbers (project_id);
