ALTER TABLE revisions DROP COLUMN unseen;
DROP TABLE marks;
