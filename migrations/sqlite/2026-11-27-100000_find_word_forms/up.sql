-- The primary key serves here: SQLite compares letter by letter. PostgreSQL needs an index of its own.
SELECT 1;
