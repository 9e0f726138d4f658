-- Nothing to do: what SQLite is taught here, PostgreSQL's heap does not know.
SELECT 1;
