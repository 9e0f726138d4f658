DROP TABLE forge_releases;
DROP TABLE forge_follows;
