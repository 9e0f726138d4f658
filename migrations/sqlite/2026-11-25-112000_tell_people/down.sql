ALTER TABLE users DROP COLUMN tell_by_mail;
ALTER TABLE users DROP COLUMN tell_comments;
ALTER TABLE users DROP COLUMN tell_replies;
ALTER TABLE users DROP COLUMN tell_mentions;
DROP TABLE notices;
