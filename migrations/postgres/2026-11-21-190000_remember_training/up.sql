-- When something was done last, by name: up to when labels were read, for one.
CREATE TABLE marks (
    name TEXT PRIMARY KEY NOT NULL,
    at TIMESTAMP NOT NULL
);
-- The share of words that the model which judged the text had never met.
ALTER TABLE revisions ADD COLUMN unseen DOUBLE PRECISION;
