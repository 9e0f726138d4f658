DROP TABLE gravatars;
