-- Addresses that projects had before: they lead on to where it is now.
CREATE TABLE old_slugs (
    slug TEXT PRIMARY KEY NOT NULL,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    changed_at TIMESTAMP NOT NULL
);
CREATE INDEX old_slugs_project ON old_slugs (project_id);
