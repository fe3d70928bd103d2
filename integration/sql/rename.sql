-- Tables and views get another name; their rows, partitions and jobs stay.
SET 'execution.runtime-mode' = 'batch';
CREATE TABLE t (id INT, word STRING, PRIMARY KEY (id) NOT ENFORCED) COMMENT 'kept' WITH ('bucket.num' = '1');
CREATE TABLE other (a INT);
CREATE VIEW v AS SELECT word FROM t;
INSERT INTO t VALUES (1, 'one');
ALTER TABLE t RENAME TO u;
SHOW TABLES;
SELECT * FROM u;
INSERT INTO u VALUES (2, 'two');
SELECT * FROM u;
-- error: not found
SELECT * FROM t;
-- error: already exists
ALTER TABLE u RENAME TO other;
-- error: cannot be the name of a table
ALTER TABLE u RENAME TO `a.b`;
-- error: no_such_table
ALTER TABLE no_such_table RENAME TO w;
ALTER TABLE IF EXISTS no_such_table RENAME TO w;
-- The name is free again.
CREATE TABLE t (id BIGINT, word STRING) WITH ('bucket.num' = '1');
INSERT INTO t VALUES (7, 'another table');
SELECT * FROM t;
SELECT * FROM v;
ALTER VIEW v RENAME TO w;
SHOW VIEWS;
SELECT * FROM w;
DROP VIEW w;
ALTER TABLE t RENAME TO x;
ALTER TABLE u RENAME TO t;
SELECT * FROM t;
CREATE TABLE p (a INT, d STRING) PARTITIONED BY (d) WITH ('bucket.num' = '1');
INSERT INTO p VALUES (1, 'x');
ALTER TABLE p RENAME TO q;
INSERT INTO q VALUES (1, 'y');
SHOW PARTITIONS q;
SHOW TABLES;

-- Databases have other properties, and the same comment.
CREATE DATABASE d COMMENT 'kept' WITH ('a' = '1', 'b' = '2');
ALTER DATABASE d SET ('b' = '3', 'c' = '4');
-- error: no_such_database
ALTER DATABASE no_such_database SET ('a' = '1');
