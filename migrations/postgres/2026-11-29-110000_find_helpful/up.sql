-- Comments that helped, by branch: "most helpful" read a whole thread for them. The only statement: no
-- transaction is around it, so that people go on writing meanwhile (`db::migrate` drops what is cut off).
CREATE INDEX CONCURRENTLY comments_helped ON comments (thread_id, root_id, id) WHERE helped_at IS NOT NULL;
