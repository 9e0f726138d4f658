-- The lists of the desk are read from indices alone, for as long as PostgreSQL knows that nobody
-- changed a page of the table since it was last vacuumed; else each line costs a look at the table. By
-- itself it waits until a fifth of all rows was changed, which a large site reaches in months.
ALTER TABLE items SET (autovacuum_vacuum_scale_factor = 0.01);
