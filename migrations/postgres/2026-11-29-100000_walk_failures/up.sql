-- A page of the list is a walk along this index: open groups first, then by the newest report. The one of
-- before had the newest last, so that each page sorted all groups of its project.
-- In a transaction, and not concurrently: the table has a row a fault, which takes moments.
DROP INDEX failure_groups_list;
CREATE INDEX failure_groups_list ON failure_groups (project_id, closed, last_at DESC, id DESC);
