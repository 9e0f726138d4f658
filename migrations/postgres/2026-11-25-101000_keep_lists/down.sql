DROP TABLE project_ranks;
