-- As it was.
CREATE TABLE reaction_counts_new (
    item_id BIGINT NOT NULL REFERENCES items (id) ON DELETE CASCADE,
    sign TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (item_id, sign)
);
INSERT INTO reaction_counts_new (item_id, sign, n) SELECT item_id, sign, n FROM reaction_counts;
DROP TABLE reaction_counts;
ALTER TABLE reaction_counts_new RENAME TO reaction_counts;
