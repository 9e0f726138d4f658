DROP TABLE project_shots;
