ALTER TABLE projects DROP COLUMN awards;
DROP TABLE awards;
