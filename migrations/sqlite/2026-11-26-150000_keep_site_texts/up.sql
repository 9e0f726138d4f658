-- Pages of the site that its administrators write: the guide, the imprint. Every text that was in
-- force stays; the newest of a name holds. Without words it is the default again, or no such page.
CREATE TABLE site_texts (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name TEXT NOT NULL,
    body TEXT,
    by_id BIGINT NOT NULL REFERENCES users (id),
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX site_texts_newest ON site_texts (name, id);
