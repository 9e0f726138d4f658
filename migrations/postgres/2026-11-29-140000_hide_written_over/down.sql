-- What an earlier version knew of it.
UPDATE revisions SET state = 'replaced' WHERE state = 'hidden';
