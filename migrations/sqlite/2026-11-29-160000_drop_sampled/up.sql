-- For PostgreSQL alone: here the lists of the queues are read in their order, whoever was drawn.
SELECT 1;
