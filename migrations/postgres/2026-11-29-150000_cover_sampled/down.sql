DROP INDEX items_drawn;
