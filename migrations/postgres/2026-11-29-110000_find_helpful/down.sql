DROP INDEX comments_helped;
