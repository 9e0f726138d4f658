ALTER TABLE items RESET (autovacuum_vacuum_scale_factor);
