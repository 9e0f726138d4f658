-- Comments that helped, by branch: "most helpful" read a whole thread for them.
CREATE INDEX comments_helped ON comments (thread_id, root_id, id) WHERE helped_at IS NOT NULL;
