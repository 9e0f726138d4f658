-- Projects whose makers let the site ask a forge for their releases.
CREATE TABLE forge_follows (
    project_id INTEGER PRIMARY KEY NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    -- Who switched it on: the author of what it brings.
    user_id BIGINT NOT NULL REFERENCES users (id),
    -- github, gitlab, gitea or bitbucket.
    software TEXT NOT NULL,
    host TEXT NOT NULL,
    path TEXT NOT NULL,
    shows_changes BOOLEAN NOT NULL DEFAULT true,
    -- The moderator who took the list of changes away.
    hidden_by BIGINT REFERENCES users (id),
    created_at TIMESTAMP NOT NULL,
    -- When it is asked next; null: it is switched off.
    next_at TIMESTAMP,
    -- The forge wants to be left alone until then, whoever presses a button.
    wait_until TIMESTAMP,
    failures INTEGER NOT NULL DEFAULT 0,
    asked_at TIMESTAMP NOT NULL,
    came_at TIMESTAMP,
    -- What came last, and what went wrong since.
    said TEXT NOT NULL DEFAULT '',
    error TEXT NOT NULL DEFAULT '',
    -- What the last answers were known by, as JSON.
    known_releases TEXT NOT NULL DEFAULT '',
    known_changes TEXT NOT NULL DEFAULT '',
    changes TEXT NOT NULL DEFAULT '[]',
    -- Why the changes are not shown.
    changes_held TEXT NOT NULL DEFAULT ''
);
CREATE INDEX forge_follows_next ON forge_follows (next_at);

-- Which release is which at a forge. Rows stay when the release goes, so that it does not come back.
CREATE TABLE forge_releases (
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    -- The repository, as host/path.
    source TEXT NOT NULL,
    tag TEXT NOT NULL,
    release_id BIGINT NOT NULL REFERENCES releases (id) ON DELETE CASCADE,
    software TEXT NOT NULL,
    -- False: somebody had typed it before.
    imported BOOLEAN NOT NULL,
    -- Of what came last.
    digest TEXT NOT NULL DEFAULT '',
    -- A maker has changed it since: it is theirs.
    kept BOOLEAN NOT NULL DEFAULT false,
    -- Since when the forge has it no longer.
    gone_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (project_id, source, tag)
);
CREATE INDEX forge_releases_release ON forge_releases (release_id);
