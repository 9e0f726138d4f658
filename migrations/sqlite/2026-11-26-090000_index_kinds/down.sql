DROP INDEX project_links_kind;
DROP INDEX projects_kind;
