DROP INDEX reports_open;
DROP INDEX batches_by;
DROP TABLE desk_habits;
DROP TABLE claims;
