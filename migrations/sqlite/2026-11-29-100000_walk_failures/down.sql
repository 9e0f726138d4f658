DROP INDEX failure_groups_list;
CREATE INDEX failure_groups_list ON failure_groups (project_id, closed, last_at, id);
