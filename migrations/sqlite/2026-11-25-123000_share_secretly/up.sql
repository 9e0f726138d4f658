-- A project that its makers keep out of lists: who has the link finds it. They can make a new link,
-- and the old one leads nowhere.
ALTER TABLE projects ADD COLUMN unlisted BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE projects ADD COLUMN secret TEXT;
