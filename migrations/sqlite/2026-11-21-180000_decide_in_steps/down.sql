ALTER TABLE batches DROP COLUMN skipped;
ALTER TABLE batches DROP COLUMN total;
ALTER TABLE batches DROP COLUMN position;
ALTER TABLE batches DROP COLUMN phase;
