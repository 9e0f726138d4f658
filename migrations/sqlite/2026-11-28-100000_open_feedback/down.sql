ALTER TABLE projects DROP COLUMN feedback_open;
