DROP INDEX items_maker;
ALTER TABLE threads DROP COLUMN pinned_id;
ALTER TABLE comments DROP COLUMN helped_at;
ALTER TABLE comments DROP COLUMN folded_at;
DROP TABLE blocks;
DROP TABLE maker_acts;
