DROP INDEX project_ranks_rated;
ALTER TABLE project_ranks DROP COLUMN rated;
DROP TABLE rating_counts;
DROP TABLE rating_steps;
DROP TABLE ratings;
DROP TABLE release_questions;
DROP TABLE project_aspects;
