DROP TABLE thread_mutes;
DROP TABLE mail_wishes;
DROP INDEX notices_due;
ALTER TABLE notices DROP COLUMN due_at;
