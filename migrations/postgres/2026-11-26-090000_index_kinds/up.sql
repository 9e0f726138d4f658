-- Lists of one kind, or of what has a download, begin from these where such projects are rare.
CREATE INDEX projects_kind ON projects (kind, id);
CREATE INDEX project_links_kind ON project_links (kind, project_id);
