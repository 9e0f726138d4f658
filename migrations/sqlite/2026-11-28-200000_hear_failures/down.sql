DROP TABLE failure_answers;
DROP TABLE failures;
DROP TABLE failure_groups;
