-- Labelled texts that did not come in through this site: an older system's decisions, another's.
-- An import is undone as a whole.
CREATE TABLE label_imports (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    -- The name of the file, for people.
    name TEXT NOT NULL,
    spam INTEGER NOT NULL,
    ham INTEGER NOT NULL,
    weight DOUBLE NOT NULL,
    -- NULL: from the command line.
    created_by BIGINT REFERENCES users (id),
    created_at TIMESTAMP NOT NULL,
    undone_at TIMESTAMP
);

CREATE TABLE imported_labels (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    import_id BIGINT NOT NULL REFERENCES label_imports (id) ON DELETE CASCADE,
    text TEXT NOT NULL,
    text_hash TEXT NOT NULL,
    label TEXT NOT NULL,
    -- When it was written, if the file says so.
    written_at TIMESTAMP,
    -- A person decided otherwise: it teaches nothing any more.
    dropped_at TIMESTAMP
);
CREATE INDEX imported_labels_import ON imported_labels (import_id, id);
CREATE INDEX imported_labels_text_hash ON imported_labels (text_hash);

-- Near-identical texts with different labels of which a person said that both labels are right.
CREATE TABLE settled_contradictions (
    spam_hash TEXT NOT NULL,
    ham_hash TEXT NOT NULL,
    by_id BIGINT NOT NULL REFERENCES users (id),
    created_at TIMESTAMP NOT NULL,
    PRIMARY KEY (spam_hash, ham_hash)
);

-- What is known of a model beside what is in it, as JSON: labels by kind, how it compared with the
-- one that was in use, who asked for it. Not in its bytes, which depend on the labels alone.
ALTER TABLE models ADD COLUMN facts TEXT NOT NULL DEFAULT '{}';

-- The account that the filter acts by when it judges held texts again. Nobody can log in to it.
ALTER TABLE users ADD COLUMN robot BOOLEAN NOT NULL DEFAULT FALSE;

-- Drawn at random from what robots decided, for people to look at: the unbiased measure.
ALTER TABLE items ADD COLUMN sampled BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX items_sampled ON items (id) WHERE sampled;

-- How the filter did week by week, written by a nightly job.
CREATE TABLE filter_weeks (
    -- Monday, 00:00 UTC.
    week TIMESTAMP PRIMARY KEY NOT NULL,
    -- Labels given in that week to texts that the filter had decided, and those that said otherwise.
    decided INTEGER NOT NULL,
    overturned INTEGER NOT NULL,
    -- Comments posted in that week that were looked at here.
    texts INTEGER NOT NULL,
    -- Share of their words that the model in use had never met. NULL: no words.
    unseen DOUBLE,
    -- Their scores in 20 equal bins, as a JSON array.
    scores TEXT NOT NULL,
    counted_at TIMESTAMP NOT NULL
);
CREATE INDEX revisions_created ON revisions (created_at);

-- Work that only one process of all may do at a time.
CREATE TABLE leases (
    name TEXT PRIMARY KEY NOT NULL,
    -- Empty: nobody holds it, but it rests until then, after a failure.
    holder TEXT NOT NULL,
    until TIMESTAMP NOT NULL,
    -- What is being done, or why it failed.
    note TEXT NOT NULL DEFAULT ''
);
CREATE INDEX verdicts_created ON verdicts (created_at);
