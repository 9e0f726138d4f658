DELETE FROM notices WHERE comment_id NOT IN (SELECT id FROM comments);
ALTER TABLE notices DROP CONSTRAINT notices_item_fkey;
ALTER TABLE notices ADD CONSTRAINT notices_comment_id_fkey FOREIGN KEY (comment_id) REFERENCES comments (id) ON DELETE CASCADE;
