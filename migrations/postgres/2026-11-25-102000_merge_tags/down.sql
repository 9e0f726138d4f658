DROP TABLE tag_merged;
DROP TABLE tag_merges;
