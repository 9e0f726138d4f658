DROP TABLE reaction_counts;
DROP TABLE reactions;
