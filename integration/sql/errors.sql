-- Bad input: each statement fails with a text that says what to do, and nothing is left half-done.

-- error: data.dir
-- error: bootstrap.servers
CREATE CATALOG no_store WITH ('type' = 'fluss');

-- error: data.dir
-- error: bootstrap.servers
CREATE CATALOG two_stores WITH ('type' = 'fluss', 'data.dir' = '${data.dir}', 'bootstrap.servers' = 'localhost:9123');

-- error: data.dri
-- error: data.dir
CREATE CATALOG typing WITH ('type' = 'fluss', 'data.dri' = '${data.dir}');

-- error: /proc/fluss
CREATE CATALOG unwritable WITH ('type' = 'fluss', 'data.dir' = '/proc/fluss');

DROP TABLE IF EXISTS t;
DROP TABLE IF EXISTS log;

-- error: bucket.nun
-- error: bucket.num
CREATE TABLE t (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.nun' = '2');

-- error: table.log.consistencie
-- error: table.log.consistency
CREATE TABLE t (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('table.log.consistencie' = 'strong');

-- error: table.log.consistency
-- error: sometimes
CREATE TABLE t (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('table.log.consistency' = 'sometimes');

-- error: bucket.num
CREATE TABLE t (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '0');

-- error: names
-- error: MULTISET
CREATE TABLE t (id INT, names MULTISET<STRING>, PRIMARY KEY (id) NOT ENFORCED);

-- error: span
CREATE TABLE t (id INT, span MULTISET<INT>, PRIMARY KEY (id) NOT ENFORCED);

-- error: __offset
CREATE TABLE t (id INT, `__offset` BIGINT, PRIMARY KEY (id) NOT ENFORCED);

-- error: connector
CREATE TABLE t (id INT) WITH ('connector' = 'kafka');

-- Nothing of all that is left.
SHOW TABLES;

CREATE TABLE t (id INT, name STRING, code VARCHAR(3), PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '1');
CREATE TABLE log (id INT, name STRING) WITH ('bucket.num' = '1');

-- error: already exists
CREATE TABLE t (id INT);

-- error: not exist
DROP TABLE no_such_table;

SET 'execution.runtime-mode' = 'batch';
INSERT INTO t VALUES (1, 'one', 'a');
INSERT INTO log VALUES (1, 'one');

-- error: id
INSERT INTO t VALUES (CAST(NULL AS INT), 'null', 'b');

-- error: Log Table
UPDATE log SET name = 'two' WHERE id = 1;

-- error: Log Table
DELETE FROM log WHERE id = 1;

-- error: id
UPDATE t SET id = 2 WHERE id = 1;

-- error: scan.startup.mode
SELECT * FROM t /*+ OPTIONS('scan.startup.mode' = 'yesterday') */;

-- error: scan.startup.timestamp
SELECT * FROM log /*+ OPTIONS('scan.startup.mode' = 'timestamp') */;

-- error: lookup.casche
SELECT * FROM t /*+ OPTIONS('lookup.casche' = 'NONE') */;

-- What was there is there.
SELECT * FROM t;
SELECT * FROM log;
