-- What did not work for somebody. Reports of one fault are a group: by the signature of their traces
-- (models/src/failure/signature.rs), or because somebody said "me too".
CREATE TABLE failure_groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    -- Empty: its first report had no trace, so that no other finds it by one.
    signature TEXT NOT NULL,
    -- open, fixed, unseen (cannot be reproduced) or intended (is no fault).
    state TEXT NOT NULL DEFAULT 'open',
    -- False while it is open, so that open ones come first in an index.
    closed BOOLEAN NOT NULL DEFAULT false,
    fixed_in BIGINT REFERENCES releases (id) ON DELETE SET NULL,
    decided_at TIMESTAMP,
    -- Counted: who has a published report in it, and when the newest of them came.
    people INTEGER NOT NULL DEFAULT 0,
    last_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX failure_groups_signature ON failure_groups (project_id, signature) WHERE signature <> '';
CREATE INDEX failure_groups_list ON failure_groups (project_id, closed, last_at, id);

CREATE TABLE failures (
    id INTEGER PRIMARY KEY NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    group_id BIGINT NOT NULL REFERENCES failure_groups (id) ON DELETE CASCADE,
    release_id BIGINT REFERENCES releases (id) ON DELETE SET NULL,
    system TEXT NOT NULL,
    system_version TEXT NOT NULL,
    -- Empty, and no trace: "me too".
    words TEXT NOT NULL,
    words_html TEXT NOT NULL,
    trace TEXT NOT NULL,
    -- The line of the trace that says what went wrong.
    headline TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    edited_at TIMESTAMP
);
CREATE INDEX failures_group ON failures (group_id, id);
CREATE INDEX failures_release ON failures (release_id);

-- What the makers say to a group.
CREATE TABLE failure_answers (
    id INTEGER PRIMARY KEY NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    group_id BIGINT NOT NULL REFERENCES failure_groups (id) ON DELETE CASCADE,
    words TEXT NOT NULL,
    words_html TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX failure_answers_group ON failure_answers (group_id, id);
