DROP INDEX search_words_bytes;
