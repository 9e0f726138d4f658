-- What was known of a text when it was taken in, for the filters of the queues. Rows from before
-- are filled in by a job: `script` is empty until then, and never afterwards.
ALTER TABLE items ADD COLUMN script TEXT NOT NULL DEFAULT '';
-- Nothing of its author's was published yet.
ALTER TABLE items ADD COLUMN newcomer BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE items ADD COLUMN by_maker BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX items_unread ON items (id) WHERE script = '';

-- Where its links lead: host and registered domain.
CREATE TABLE item_domains (
    domain TEXT NOT NULL,
    item_id BIGINT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    PRIMARY KEY (domain, item_id)
) WITHOUT ROWID;
CREATE INDEX item_domains_item ON item_domains (item_id);

-- One index for each order in which people work a queue off, with everything that a filter asks for
-- in it: the worst case, a filter that nothing matches, reads one index from end to end and no row.
CREATE INDEX items_waiting_time ON items (queue, created_at, id, score, kind, why, author_id, project_id, script, newcomer, by_maker, sampled, reports, network)
    WHERE queue IS NOT NULL;
CREATE INDEX items_waiting_doubt ON items (queue, abs(coalesce(score, 0.5) - 0.5), id, score, kind, why, author_id, project_id, script, newcomer, by_maker, sampled, reports, network, created_at)
    WHERE queue IS NOT NULL;
CREATE INDEX items_waiting_surest ON items (queue, (-coalesce(score, -1.0)), id, score, kind, why, author_id, project_id, script, newcomer, by_maker, sampled, reports, network, created_at)
    WHERE queue IS NOT NULL;
-- (SQLite reads the row unless the columns of the condition are in the index, too.)
-- Only what is waiting, recent or decided has these: the rest of the table pays nothing.
CREATE INDEX items_recent_time ON items (created_at, id, score, kind, why, author_id, project_id, script, newcomer, by_maker, sampled, reports, network, state, looked_at, queue)
    WHERE state = 'published' AND looked_at IS NULL AND queue IS NULL;
CREATE INDEX items_decided ON items (state, created_at, id, score, kind, why, author_id, project_id, script, newcomer, by_maker, sampled, reports, network, queue)
    WHERE queue IS NULL AND state IN ('spam', 'removed');
CREATE INDEX items_reported_time ON items (created_at, id, score, kind, why, author_id, project_id, script, newcomer, by_maker, sampled, reports, network, state, queue)
    WHERE reports > 0;
-- How an author has stood until now, beside each item.
CREATE INDEX items_author_state ON items (author_id, state);
DROP INDEX items_reported;
DROP INDEX items_queue_score;
DROP INDEX items_recent;
