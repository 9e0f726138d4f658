-- What the search finds: published texts and people, a row each. Both databases have the same folded
-- words in their index (models/src/search), so that both find the same.
CREATE TABLE search_texts (
    -- When it came before readers, in seconds, and its number: the order "newest", and unique.
    place INTEGER PRIMARY KEY NOT NULL,
    -- The number of an item, or minus the number of an account.
    doc BIGINT NOT NULL
);
CREATE UNIQUE INDEX search_texts_doc ON search_texts (doc);

-- The words themselves, by place. No text is kept here: excerpts are cut from what readers see now.
CREATE VIRTUAL TABLE search_index USING fts5(
    title, words,
    content='', contentless_delete=1, prefix='2 3', tokenize="ascii tokenchars '_'"
);

-- What changed in this transaction and is to be found otherwise from now on: written by the triggers
-- below, read and emptied before every commit. No path to a text can forget the index.
CREATE TABLE search_pending (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    doc BIGINT NOT NULL
);

-- How far the jobs are that read older texts.
CREATE TABLE search_progress (
    name TEXT PRIMARY KEY NOT NULL,
    position BIGINT NOT NULL
);

-- Known words with how many texts hold them, for "did you mean". Counted by the hourly sweep.
CREATE TABLE search_words (
    word TEXT PRIMARY KEY NOT NULL,
    letters INTEGER NOT NULL,
    texts INTEGER NOT NULL
);
CREATE INDEX search_words_like ON search_words (letters, texts);

CREATE TRIGGER search_item_new AFTER INSERT ON items WHEN new.state = 'published'
BEGIN
    INSERT INTO search_pending (doc) VALUES (new.id);
END;
CREATE TRIGGER search_item AFTER UPDATE OF state, published_at ON items
WHEN (old.state = 'published' OR new.state = 'published')
    AND (old.state <> new.state OR old.published_at IS NOT new.published_at)
BEGIN
    INSERT INTO search_pending (doc) VALUES (new.id);
    -- What stands on a project goes and comes with it.
    INSERT INTO search_pending (doc) SELECT i.id FROM items i
        WHERE new.kind = 'project' AND old.state <> new.state AND i.project_id = new.id AND i.id <> new.id AND i.state = 'published';
END;
CREATE TRIGGER search_comment AFTER UPDATE OF body_html ON comments WHEN old.body_html <> new.body_html
BEGIN
    INSERT INTO search_pending (doc) VALUES (new.id);
END;
CREATE TRIGGER search_project AFTER UPDATE OF title, summary, description_html, kind, comment_policy ON projects
WHEN old.title <> new.title OR old.summary <> new.summary OR old.description_html <> new.description_html OR old.kind <> new.kind
    OR (old.comment_policy = 'nobody') <> (new.comment_policy = 'nobody')
BEGIN
    INSERT INTO search_pending (doc) VALUES (new.id);
    INSERT INTO search_pending (doc) SELECT i.id FROM items i
        WHERE (old.comment_policy = 'nobody') <> (new.comment_policy = 'nobody') AND i.project_id = new.id AND i.kind = 'comment' AND i.state = 'published';
END;
CREATE TRIGGER search_tag_new AFTER INSERT ON project_tags
BEGIN
    INSERT INTO search_pending (doc) VALUES (new.project_id);
END;
CREATE TRIGGER search_tag_gone AFTER DELETE ON project_tags
BEGIN
    INSERT INTO search_pending (doc) VALUES (old.project_id);
END;
CREATE TRIGGER search_link_new AFTER INSERT ON project_links
BEGIN
    INSERT INTO search_pending (doc) VALUES (new.project_id);
END;
CREATE TRIGGER search_link_gone AFTER DELETE ON project_links
BEGIN
    INSERT INTO search_pending (doc) VALUES (old.project_id);
END;
CREATE TRIGGER search_release AFTER UPDATE OF version, notes_html, url ON releases
BEGIN
    INSERT INTO search_pending (doc) VALUES (new.id);
END;
CREATE TRIGGER search_person_new AFTER INSERT ON users WHEN new.confirmed_at IS NOT NULL
BEGIN
    INSERT INTO search_pending (doc) VALUES (-new.id);
END;
CREATE TRIGGER search_person AFTER UPDATE OF username, display_name, bio_html, confirmed_at, suspended_until, created_at ON users
WHEN old.username <> new.username OR old.display_name <> new.display_name OR old.bio_html <> new.bio_html
    OR old.confirmed_at IS NOT new.confirmed_at OR old.suspended_until IS NOT new.suspended_until OR old.created_at <> new.created_at
BEGIN
    INSERT INTO search_pending (doc) VALUES (-new.id);
END;
