-- How often readers were shown a text that nobody has looked at, or that is reported: the order "most
-- seen" of the queues. Counted in memory and added every few minutes, so that reading writes nothing;
-- of who read it nothing is kept.
ALTER TABLE items ADD COLUMN views INTEGER NOT NULL DEFAULT 0;
-- As the migration record_facts has them for the other orders.
CREATE INDEX items_waiting_seen ON items (queue, (-views), (-id))
    INCLUDE (id, views, score, kind, why, author_id, project_id, script, newcomer, by_maker, sampled, reports, network, created_at)
    WHERE queue IS NOT NULL;
CREATE INDEX items_recent_seen ON items ((-views), (-id))
    INCLUDE (id, views, score, kind, why, author_id, project_id, script, newcomer, by_maker, sampled, reports, network, created_at)
    WHERE state = 'published' AND looked_at IS NULL AND queue IS NULL;
CREATE INDEX items_reported_seen ON items ((-views), (-id))
    INCLUDE (id, views, report_weight, score, kind, why, author_id, project_id, script, newcomer, by_maker, sampled, reports, network, created_at, state, queue)
    WHERE reports > 0;
-- What is reported comes first in the other queues, too, without sorting all that waits.
CREATE INDEX items_waiting_reported ON items (queue, (-reports), (-id))
    INCLUDE (id, score, kind, why, author_id, project_id, script, newcomer, by_maker, sampled, reports, network, created_at)
    WHERE queue IS NOT NULL;
CREATE INDEX items_recent_reported ON items ((-reports), (-id))
    INCLUDE (id, score, kind, why, author_id, project_id, script, newcomer, by_maker, sampled, reports, network, created_at)
    WHERE state = 'published' AND looked_at IS NULL AND queue IS NULL;
