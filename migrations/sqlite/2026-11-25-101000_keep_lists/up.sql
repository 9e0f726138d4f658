-- What the lists of projects are ordered by and no single row tells. Counted by the hourly sweep.
CREATE TABLE project_ranks (
    project_id INTEGER PRIMARY KEY NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    -- Thousandths: comments received and one, for each that its makers gave and one. The fewest wait longest.
    waiting BIGINT NOT NULL,
    -- Comments of its makers that helped other makers in the last 30 days.
    helped INTEGER NOT NULL
);
CREATE INDEX project_ranks_waiting ON project_ranks (waiting, project_id DESC);
CREATE INDEX project_ranks_helped ON project_ranks (helped DESC, project_id DESC) WHERE helped > 0;
