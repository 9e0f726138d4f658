-- Ratings that moderators may want to look at. Found anew every hour; nothing follows from it by itself.
CREATE TABLE rating_hints (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    -- Rated from one network; null: people who gave each other the highest marks.
    project_id BIGINT REFERENCES projects (id) ON DELETE CASCADE,
    -- Their numbers, as JSON.
    people TEXT NOT NULL,
    found_at TIMESTAMP NOT NULL
);
