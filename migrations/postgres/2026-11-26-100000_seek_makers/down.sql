DROP TRIGGER search_download ON release_links;
DROP TRIGGER search_role ON project_roles;
DROP FUNCTION search_note_download();
DROP FUNCTION search_note_role();
DROP TABLE join_notices;
DROP TABLE join_requests;
DROP TABLE project_roles;
