-- Databases.
SHOW DATABASES;
SHOW CURRENT DATABASE;
CREATE DATABASE d COMMENT 'for tests' WITH ('owner' = 'me', 'tier' = '1');
CREATE DATABASE IF NOT EXISTS d COMMENT 'other';
-- error: already exist
CREATE DATABASE d;
USE d;
CREATE TABLE t (a INT);
SHOW TABLES;
SHOW TABLES FROM fluss;
SHOW TABLES IN d LIKE 't%';
-- error: currently in use
DROP DATABASE d RESTRICT;
USE fluss;
-- error: not empty
DROP DATABASE d RESTRICT;
-- error: d2
USE d2;
-- error: d2
CREATE TABLE d2.t (a INT);
-- error: d2
DROP DATABASE d2;
DROP DATABASE IF EXISTS d2;
-- error: cannot be the name of a database
CREATE DATABASE `d/2`;
CREATE DATABASE `d-2`;
CREATE TABLE `d-2`.t LIKE d.t;
SHOW DATABASES LIKE 'd%';
DROP DATABASE d CASCADE;
DROP DATABASE `d-2` CASCADE;
SHOW DATABASES;
