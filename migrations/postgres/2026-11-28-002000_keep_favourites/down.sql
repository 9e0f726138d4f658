DROP TABLE liked_also;
ALTER TABLE projects DROP COLUMN favourites;
DROP TABLE favourites;
