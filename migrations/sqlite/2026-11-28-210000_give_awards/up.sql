-- What makers give to projects of others. A giver uses a name and a mark again as they like; each
-- award is a row, and an item, of its own.
CREATE TABLE awards (
    id INTEGER PRIMARY KEY NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    giver_id BIGINT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    -- The name of a drawn picture, or one emoji.
    mark TEXT NOT NULL,
    why TEXT NOT NULL,
    why_html TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    -- A maker of the project would rather not have it: it is shown nowhere.
    declined_at TIMESTAMP,
    declined_by BIGINT REFERENCES users (id)
);
CREATE INDEX awards_project ON awards (project_id, id);
CREATE INDEX awards_giver ON awards (giver_id, id);

-- Counted: those that readers see.
ALTER TABLE projects ADD COLUMN awards INTEGER NOT NULL DEFAULT 0;
