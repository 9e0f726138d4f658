-- Reports: what exactly was meant, how much it weighs, and whether its reporter was told what became
-- of it. Rows of a version before weigh as those of somebody whose reports nobody has answered yet.
-- The picture that was meant; NULL: the text, or the whole of it.
ALTER TABLE reports ADD COLUMN picture_id BIGINT;
ALTER TABLE reports ADD COLUMN weight DOUBLE NOT NULL DEFAULT 0.5;
-- How often it was answered before, and asks anew: it does not hide the same thing twice.
ALTER TABLE reports ADD COLUMN repeated INTEGER NOT NULL DEFAULT 0;
-- When a letter about the answer was queued.
ALTER TABLE reports ADD COLUMN told_at TIMESTAMP;
UPDATE reports SET told_at = created_at WHERE closed_by IS NOT NULL;
CREATE INDEX reports_reporter ON reports (reporter_id, id);
CREATE INDEX reports_answer ON reports (closed_by) WHERE closed_by IS NOT NULL;

-- What the open reports weigh together: the order of the queue Reported, by an index that holds all
-- that its filters ask for, as those of the migration record_facts do.
ALTER TABLE items ADD COLUMN report_weight DOUBLE NOT NULL DEFAULT 0;
UPDATE items SET report_weight = 0.5 * reports WHERE reports > 0;
CREATE INDEX items_reported_weight ON items ((-report_weight), id, report_weight, created_at, score, kind, why, author_id, project_id, script, newcomer, by_maker, sampled, reports, network, state, queue)
    WHERE reports > 0;

-- Reports of people's profiles, which are no items: a moderator answers all of one person at once.
CREATE TABLE profile_reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    user_id BIGINT NOT NULL REFERENCES users (id),
    reporter_id BIGINT NOT NULL REFERENCES users (id),
    reason TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP NOT NULL,
    closed_at TIMESTAMP,
    closed_by BIGINT REFERENCES users (id),
    -- left or acted.
    outcome TEXT,
    told_at TIMESTAMP,
    -- How often it was answered as wrong before, and asks anew.
    repeated INTEGER NOT NULL DEFAULT 0,
    UNIQUE (user_id, reporter_id)
);
CREATE INDEX profile_reports_open ON profile_reports (user_id) WHERE closed_at IS NULL;
CREATE INDEX profile_reports_reporter ON profile_reports (reporter_id, id);

-- What an author says against a decision on their text, or for having waited too long: once an item.
CREATE TABLE appeals (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    item_id BIGINT NOT NULL UNIQUE REFERENCES items (id),
    author_id BIGINT NOT NULL REFERENCES users (id),
    words TEXT NOT NULL,
    -- The decision of a person that it is about. NULL: nobody had looked.
    verdict_id BIGINT,
    created_at TIMESTAMP NOT NULL,
    -- The verdict that answered it, and who gave it.
    closed_by BIGINT,
    by_id BIGINT REFERENCES users (id),
    -- upheld or overturned.
    outcome TEXT,
    -- What the author is told beside the outcome.
    answer TEXT NOT NULL DEFAULT '',
    decided_at TIMESTAMP,
    told_at TIMESTAMP
);
CREATE INDEX appeals_open ON appeals (id) WHERE decided_at IS NULL;
CREATE INDEX appeals_author_open ON appeals (author_id) WHERE decided_at IS NULL;
CREATE INDEX appeals_answer ON appeals (closed_by) WHERE closed_by IS NOT NULL;
-- Who joined lately, for the queue of people.
CREATE INDEX users_created ON users (created_at, id);
