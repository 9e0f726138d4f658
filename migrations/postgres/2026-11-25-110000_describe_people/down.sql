ALTER TABLE users DROP COLUMN avatar;
DROP TABLE profiles;
