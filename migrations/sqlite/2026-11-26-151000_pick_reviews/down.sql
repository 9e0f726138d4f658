DROP TABLE good_reviews;
