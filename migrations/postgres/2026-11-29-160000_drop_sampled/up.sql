DROP INDEX items_sampled;
