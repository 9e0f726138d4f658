ALTER TABLE items RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor);
