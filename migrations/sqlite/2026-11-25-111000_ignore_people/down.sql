DROP TABLE ignores;
