-- The pictures of a project beside its cover, which `projects.picture_id` goes on naming. The cover has
-- a row, too, once it has a caption.
CREATE TABLE project_shots (
    picture_id INTEGER PRIMARY KEY NOT NULL REFERENCES pictures (id) ON DELETE CASCADE,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    caption TEXT NOT NULL
);
CREATE INDEX project_shots_project ON project_shots (project_id, position);
