-- A batch over more items than one transaction should take goes on in steps, in the background.
-- What it does: done, deciding, undoing.
ALTER TABLE batches ADD COLUMN phase TEXT NOT NULL DEFAULT 'done';
-- The last item that was looked at in this phase.
ALTER TABLE batches ADD COLUMN position BIGINT NOT NULL DEFAULT 0;
-- Items to go through in this phase, and those that stayed as they were.
ALTER TABLE batches ADD COLUMN total INTEGER NOT NULL DEFAULT 0;
ALTER TABLE batches ADD COLUMN skipped INTEGER NOT NULL DEFAULT 0;
