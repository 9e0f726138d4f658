-- A notice is about any item from now on, not about comments alone. Their numbers are the same, so the
-- column keeps its name while the version before still reads it. What is there holds already.
ALTER TABLE notices DROP CONSTRAINT notices_comment_id_fkey;
ALTER TABLE notices ADD CONSTRAINT notices_item_fkey FOREIGN KEY (comment_id) REFERENCES items (id) ON DELETE CASCADE NOT VALID;
