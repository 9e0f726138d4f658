-- Ratings, awards and reports of failures go by the comment policy, unless its makers take them from
-- every member, whatever they chose for comments.
ALTER TABLE projects ADD COLUMN feedback_open BOOLEAN NOT NULL DEFAULT FALSE;
