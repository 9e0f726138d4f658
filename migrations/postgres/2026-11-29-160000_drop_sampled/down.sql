CREATE INDEX items_sampled ON items (id) WHERE sampled;
