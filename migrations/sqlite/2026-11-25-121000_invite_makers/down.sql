DROP TABLE maker_invitations;
ALTER TABLE project_makers DROP COLUMN joined_at;
