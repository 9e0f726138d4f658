-- Known words by how they begin, letter by letter whatever the database's own order is.
CREATE INDEX search_words_bytes ON search_words (word COLLATE "C");
