ALTER TABLE pictures DROP COLUMN veiled;
ALTER TABLE projects DROP COLUMN mature_by;
ALTER TABLE projects DROP COLUMN mature;
