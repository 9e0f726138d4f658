DROP TABLE rating_hints;
