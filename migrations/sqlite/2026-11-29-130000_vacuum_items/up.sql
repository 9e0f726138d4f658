-- Nothing to do: SQLite's indices know by themselves what stands in them.
SELECT 1;
