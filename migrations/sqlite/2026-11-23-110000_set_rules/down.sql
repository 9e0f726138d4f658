DROP INDEX reports_created;
DROP TABLE item_addresses;
DROP TABLE rule_hits;
DROP TABLE rules;
