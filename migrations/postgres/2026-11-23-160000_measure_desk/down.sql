ALTER TABLE users DROP COLUMN digest;
DROP TABLE desk_days;
