DROP INDEX batches_by;
DROP TABLE desk_habits;
DROP TABLE claims;
