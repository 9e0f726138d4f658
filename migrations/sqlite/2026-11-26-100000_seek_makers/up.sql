-- Whom the makers of a project look for, one row a role: a setting, in words of our own.
CREATE TABLE project_roles (
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    -- artist, musician, writer, programmer, designer, tester, translator or voice.
    role TEXT NOT NULL,
    PRIMARY KEY (project_id, role)
);
CREATE INDEX project_roles_role ON project_roles (role, project_id);

-- Who asks to make it too. The words are for its makers alone.
CREATE TABLE join_requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    words TEXT NOT NULL,
    -- open, accepted, declined or withdrawn.
    state TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    answered_at TIMESTAMP,
    answered_by BIGINT REFERENCES users (id)
);
CREATE UNIQUE INDEX join_requests_open ON join_requests (project_id, user_id) WHERE state = 'open';
CREATE INDEX join_requests_person ON join_requests (user_id, project_id, id);

-- Who is told of one: its makers that it was asked, who asked that it was answered.
CREATE TABLE join_notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    request_id BIGINT NOT NULL REFERENCES join_requests (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL,
    read_at TIMESTAMP,
    mailed_at TIMESTAMP,
    UNIQUE (request_id, user_id)
);
CREATE INDEX join_notices_newest ON join_notices (user_id, id);
CREATE INDEX join_notices_unread ON join_notices (user_id, request_id) WHERE read_at IS NULL;

-- What a search is narrowed by: whom it looks for, and what it runs on.
CREATE TRIGGER search_role_new AFTER INSERT ON project_roles
BEGIN
    INSERT INTO search_pending (doc) VALUES (new.project_id);
END;
CREATE TRIGGER search_role_gone AFTER DELETE ON project_roles
BEGIN
    INSERT INTO search_pending (doc) VALUES (old.project_id);
END;
CREATE TRIGGER search_download_new AFTER INSERT ON release_links
BEGIN
    INSERT INTO search_pending (doc) VALUES (new.release_id);
END;
CREATE TRIGGER search_download_gone AFTER DELETE ON release_links
BEGIN
    INSERT INTO search_pending (doc) VALUES (old.release_id);
END;
