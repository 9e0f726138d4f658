DROP TABLE item_bands;
DROP INDEX items_network;
DROP INDEX items_campaign_open;
DROP INDEX items_campaign;
DROP INDEX items_unhashed;
ALTER TABLE items DROP COLUMN campaign_id;
ALTER TABLE items DROP COLUMN simhash;
DROP TABLE campaigns;
