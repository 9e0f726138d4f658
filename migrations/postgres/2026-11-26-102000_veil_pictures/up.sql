-- Mature or violent: said by its makers, or by a moderator, whose word stands beside theirs.
ALTER TABLE projects ADD COLUMN mature BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE projects ADD COLUMN mature_by BIGINT;
-- What of its pictures follows from that, on the pictures themselves, so that whatever shows one knows.
ALTER TABLE pictures ADD COLUMN veiled BOOLEAN NOT NULL DEFAULT FALSE;
