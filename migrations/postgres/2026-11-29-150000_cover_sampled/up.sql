-- "Only those drawn at random" read the row of each for what its queue asks; now the index has it. The
-- one of before goes in the next migration: one that is built beside the site's work stands alone.
CREATE INDEX CONCURRENTLY items_drawn ON items (id) INCLUDE (queue, state, looked_at, created_at, score, kind, why, author_id, project_id, script, newcomer, by_maker, sampled, reports, report_weight, views, network) WHERE sampled;
