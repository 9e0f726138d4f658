-- Tags that moderators made one. While a merge stands, its tag is another name of the target: what
-- makers type becomes the target, and the tag's page leads there.
CREATE TABLE tag_merges (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    tag TEXT NOT NULL,
    target TEXT NOT NULL,
    by_id BIGINT NOT NULL REFERENCES users (id),
    created_at TIMESTAMP NOT NULL,
    undone_at TIMESTAMP,
    undone_by BIGINT REFERENCES users (id)
);
CREATE UNIQUE INDEX tag_merges_standing ON tag_merges (tag) WHERE undone_at IS NULL;

-- The projects that carried the tag, for the undo.
CREATE TABLE tag_merged (
    merge_id BIGINT NOT NULL REFERENCES tag_merges (id) ON DELETE CASCADE,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    had_both BOOLEAN NOT NULL,
    PRIMARY KEY (merge_id, project_id)
);
