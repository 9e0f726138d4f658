-- Texts that say nearly the same. Two alike make a row here; it is a campaign, which moderators see,
-- once `opened_at` is set.
CREATE TABLE campaigns (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    items INTEGER NOT NULL,
    opened_at TIMESTAMP,
    created_at TIMESTAMP NOT NULL,
    -- When the newest of them came.
    last_at TIMESTAMP NOT NULL,
    -- The rule: what is like them does not get through until then.
    held_until TIMESTAMP,
    held_by BIGINT REFERENCES users (id),
    -- The last decision on all of it.
    batch_id BIGINT REFERENCES batches (id)
);
CREATE INDEX campaigns_opened ON campaigns (last_at, id) WHERE opened_at IS NOT NULL;

-- The SimHash of the text. NULL: not read yet, which a job mends; 0: too short to be like another.
ALTER TABLE items ADD COLUMN simhash BIGINT;
ALTER TABLE items ADD COLUMN campaign_id BIGINT;
CREATE INDEX items_unhashed ON items (created_at, id) WHERE simhash IS NULL;
CREATE INDEX items_campaign ON items (campaign_id, id) WHERE campaign_id IS NOT NULL;
-- What nobody has decided yet of a campaign.
CREATE INDEX items_campaign_open ON items (campaign_id)
    WHERE campaign_id IS NOT NULL AND (queue IS NOT NULL OR (state = 'published' AND looked_at IS NULL));
-- Everything from a network, newest first.
CREATE INDEX items_network ON items (network, id);

-- The four bands of a SimHash, sixteen bits each with the number of the band before them: texts that
-- are alike nearly share one at least. With the whole hash, so that a look reads nothing else.
CREATE TABLE item_bands (
    band INTEGER NOT NULL,
    item_id BIGINT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    simhash BIGINT NOT NULL,
    PRIMARY KEY (band, item_id)
) WITHOUT ROWID;
CREATE INDEX item_bands_item ON item_bands (item_id);
