DROP INDEX items_recent_reported;
DROP INDEX items_waiting_reported;
DROP INDEX items_reported_seen;
DROP INDEX items_recent_seen;
DROP INDEX items_waiting_seen;
ALTER TABLE items DROP COLUMN views;
