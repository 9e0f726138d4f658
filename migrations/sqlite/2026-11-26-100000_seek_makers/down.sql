DROP TRIGGER search_download_gone;
DROP TRIGGER search_download_new;
DROP TRIGGER search_role_gone;
DROP TRIGGER search_role_new;
DROP TABLE join_notices;
DROP TABLE join_requests;
DROP TABLE project_roles;
