-- People and how they prove who they are.
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    username TEXT NOT NULL UNIQUE,
    -- The name with look-alike characters folded, so that `odi1e` cannot pose as `odile`.
    username_key TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL UNIQUE,
    confirmed_at TIMESTAMP,
    password_hash TEXT NOT NULL,
    display_name TEXT NOT NULL DEFAULT '',
    bio TEXT NOT NULL DEFAULT '',
    bio_html TEXT NOT NULL DEFAULT '',
    role TEXT NOT NULL DEFAULT 'member',
    suspended_until TIMESTAMP,
    suspended_reason TEXT NOT NULL DEFAULT '',
    -- A keyed hash of the network (/24 or /48) the account came from, never the address.
    network TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- SHA-256 of the cookie: a copied database opens no session.
    token_hash TEXT NOT NULL UNIQUE,
    user_agent TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL,
    seen_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

-- Links that are mailed or printed: confirm, reset, setup.
CREATE TABLE links (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    user_id BIGINT REFERENCES users (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP
);
CREATE INDEX links_user ON links (user_id);

-- What counts towards a limit. Kept in the database so that all web nodes share one count.
CREATE TABLE hits (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    bucket TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);
CREATE INDEX hits_bucket ON hits (bucket, at);
CREATE INDEX hits_at ON hits (at);

-- One row for each trained filter, kept for ever; exactly one is active.
CREATE TABLE models (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    kind TEXT NOT NULL,
    features_version INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    sha256 TEXT NOT NULL,
    report TEXT NOT NULL,
    spam_labels INTEGER NOT NULL,
    ham_labels INTEGER NOT NULL,
    active BOOLEAN NOT NULL DEFAULT FALSE,
    created_by BIGINT REFERENCES users (id),
    created_at TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX models_active ON models (active) WHERE active;

-- The moderation side of every public text: one row an item, whatever its kind.
-- A comment or project has the same id as its item, so that either is one look-up from the other.
CREATE TABLE items (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    kind TEXT NOT NULL,
    author_id BIGINT NOT NULL REFERENCES users (id),
    -- The project it stands on; a project's own id for a project.
    project_id BIGINT REFERENCES items (id),
    state TEXT NOT NULL,
    -- Who it waits for: held, spam, projects (moderators) or maker. NULL: nobody.
    queue TEXT,
    -- The name of the check that decided, and its evidence.
    why TEXT NOT NULL DEFAULT '',
    evidence TEXT NOT NULL DEFAULT '',
    score DOUBLE,
    model_id BIGINT REFERENCES models (id),
    -- Counts every change of text or state: what a moderator saw is `item@version`.
    version INTEGER NOT NULL DEFAULT 1,
    -- Reports that nobody has answered.
    reports INTEGER NOT NULL DEFAULT 0,
    looked_at TIMESTAMP,
    network TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL,
    published_at TIMESTAMP,
    -- Deleted by its author: when the text that moderators still see goes, too. NULL: it stays or is gone.
    erase_at TIMESTAMP
);
CREATE INDEX items_queue ON items (queue, id) WHERE queue IS NOT NULL;
CREATE INDEX items_queue_score ON items (queue, score, id) WHERE queue IS NOT NULL;
CREATE INDEX items_author ON items (author_id, id);
CREATE INDEX items_project ON items (project_id, id);
CREATE INDEX items_recent ON items (id) WHERE state = 'published' AND looked_at IS NULL;
CREATE INDEX items_reported ON items (reports, id) WHERE reports > 0;
CREATE INDEX items_published ON items (kind, published_at, id) WHERE state = 'published';
CREATE INDEX items_erase ON items (erase_at) WHERE erase_at IS NOT NULL;

-- Every text as it was submitted and judged. An edit that waits is a revision in state `waiting`.
CREATE TABLE revisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    item_id BIGINT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    -- What is shown: Markdown for a comment, a JSON object of the fields for a project.
    content TEXT NOT NULL,
    -- What the filter read, with the signals of that moment: never recomputed at training.
    text TEXT NOT NULL,
    -- SHA-256 of the folded text: finds exact duplicates, shown or waiting.
    text_hash TEXT NOT NULL DEFAULT '',
    signals TEXT NOT NULL,
    -- The outcome of each step of the intake, as JSON.
    steps TEXT NOT NULL,
    score DOUBLE,
    model_id BIGINT REFERENCES models (id),
    created_at TIMESTAMP NOT NULL,
    UNIQUE (item_id, number)
);
CREATE INDEX revisions_text_hash ON revisions (text_hash, created_at);

CREATE TABLE pictures (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    owner_id BIGINT NOT NULL REFERENCES users (id),
    key TEXT NOT NULL UNIQUE,
    extension TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    alt TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE projects (
    id INTEGER PRIMARY KEY NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    slug TEXT NOT NULL UNIQUE,
    owner_id BIGINT NOT NULL REFERENCES users (id),
    title TEXT NOT NULL,
    summary TEXT NOT NULL,
    description TEXT NOT NULL,
    description_html TEXT NOT NULL,
    kind TEXT NOT NULL,
    comment_policy TEXT NOT NULL,
    approve_first BOOLEAN NOT NULL DEFAULT FALSE,
    closed BOOLEAN NOT NULL DEFAULT FALSE,
    picture_id BIGINT REFERENCES pictures (id),
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL
);
CREATE INDEX projects_owner ON projects (owner_id, id);

CREATE TABLE project_makers (
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    PRIMARY KEY (project_id, user_id)
);
CREATE INDEX project_makers_user ON project_makers (user_id, project_id);

CREATE TABLE project_links (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    url TEXT NOT NULL
);
CREATE INDEX project_links_project ON project_links (project_id, id);

CREATE TABLE project_tags (
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (project_id, tag)
);
CREATE INDEX project_tags_tag ON project_tags (tag, project_id);

CREATE TABLE releases (
    id INTEGER PRIMARY KEY NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    project_id BIGINT NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    version TEXT NOT NULL,
    notes TEXT NOT NULL,
    notes_html TEXT NOT NULL,
    url TEXT NOT NULL DEFAULT '',
    released_at TIMESTAMP NOT NULL,
    UNIQUE (project_id, version)
);
CREATE INDEX releases_newest ON releases (released_at, id);

CREATE TABLE threads (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    project_id BIGINT UNIQUE REFERENCES projects (id) ON DELETE CASCADE,
    -- Published comments only; recounted by `potluck check`.
    comment_count INTEGER NOT NULL DEFAULT 0,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE comments (
    id INTEGER PRIMARY KEY NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    thread_id BIGINT NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    parent_id BIGINT REFERENCES comments (id),
    -- The top-level comment of its branch (itself, if it is one): long threads are read in parts.
    root_id BIGINT NOT NULL,
    author_id BIGINT NOT NULL REFERENCES users (id),
    body TEXT NOT NULL,
    body_html TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    -- Set when it was changed after the 15 minutes in which no mark is made.
    edited_at TIMESTAMP
);
CREATE INDEX comments_thread ON comments (thread_id, root_id, id);
CREATE INDEX comments_author ON comments (author_id, id);
CREATE INDEX comments_parent ON comments (parent_id);

CREATE TABLE reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    item_id BIGINT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    reporter_id BIGINT NOT NULL REFERENCES users (id),
    reason TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL,
    -- The verdict that answered it.
    closed_by BIGINT,
    UNIQUE (item_id, reporter_id)
);

-- Verdicts given in one act, undone in one act.
CREATE TABLE batches (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    by_id BIGINT NOT NULL REFERENCES users (id),
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL,
    undone_at TIMESTAMP,
    undone_by BIGINT REFERENCES users (id)
);

CREATE TABLE verdicts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    batch_id BIGINT NOT NULL REFERENCES batches (id),
    item_id BIGINT NOT NULL REFERENCES items (id),
    -- The text that was judged, so that a later edit does not change what was learned.
    revision_id BIGINT REFERENCES revisions (id),
    by_id BIGINT NOT NULL REFERENCES users (id),
    verdict TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    -- spam, ham or NULL: what this verdict teaches, and how much.
    label TEXT,
    weight DOUBLE NOT NULL DEFAULT 1.0,
    score DOUBLE,
    model_id BIGINT REFERENCES models (id),
    -- The item just before, as JSON, for undo; and its version just after, to see whether
    -- somebody decided again since.
    before TEXT NOT NULL,
    version_after INTEGER NOT NULL,
    created_at TIMESTAMP NOT NULL,
    undone_at TIMESTAMP
);
CREATE INDEX verdicts_batch ON verdicts (batch_id, id);
CREATE INDEX verdicts_item ON verdicts (item_id, id);
CREATE INDEX verdicts_label ON verdicts (item_id, id) WHERE label IS NOT NULL AND undone_at IS NULL;

-- Append-only: who did what, when, why.
CREATE TABLE log (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    at TIMESTAMP NOT NULL,
    actor_id BIGINT REFERENCES users (id),
    act TEXT NOT NULL,
    item_id BIGINT,
    user_id BIGINT,
    batch_id BIGINT,
    detail TEXT NOT NULL DEFAULT ''
);
CREATE INDEX log_item ON log (item_id, id);

-- Work that follows a commit: mail first of all.
CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    run_at TIMESTAMP NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    last_error TEXT NOT NULL DEFAULT '',
    -- Given up after the last attempt; kept for the administrator to see.
    dead_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX jobs_due ON jobs (run_at, id) WHERE dead_at IS NULL;

CREATE TABLE settings (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);

-- What changed since a process last looked: polled every second, so that a retraining in another
-- process reaches the server without a restart.
CREATE TABLE changes (
    name TEXT PRIMARY KEY NOT NULL,
    version BIGINT NOT NULL
);
