-- METADATA VIRTUAL: where a row is in the log, when it came, what it does.
CREATE TABLE t (
  id INT,
  n INT,
  log_offset BIGINT METADATA FROM 'offset' VIRTUAL,
  bucket INT METADATA VIRTUAL,
  change_type STRING METADATA VIRTUAL COMMENT 'as the store names it',
  committed TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  PRIMARY KEY (id) NOT ENFORCED
) WITH ('bucket.num' = '1');
CREATE TABLE log (word STRING, `offset` BIGINT METADATA VIRTUAL, `bucket` BIGINT METADATA VIRTUAL) WITH ('bucket.num' = '1');

SHOW CREATE TABLE t;
DESCRIBE t;
INSERT INTO t VALUES (1, 10), (2, 20);
INSERT INTO t VALUES (1, 11);
INSERT INTO log VALUES ('a'), ('b'), ('c');

-- The changelog, as it was written.
-- rows: 4
SELECT log_offset, change_type, id, n, bucket, committed > TIMESTAMP '2024-01-01 00:00:00' FROM t /*+ OPTIONS('scan.startup.mode' = 'earliest') */;

SET 'execution.runtime-mode' = 'batch';
-- Rows of a snapshot have no place in the log.
SELECT log_offset, bucket, change_type, committed, n FROM t;
SELECT * FROM log;
SELECT word FROM log WHERE `offset` = 1;
SELECT MAX(`offset`), COUNT(*) FROM log;
SELECT `offset` FROM log;

-- It takes part in ALTER TABLE, and in no write.
ALTER TABLE log ADD arrived TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL FIRST;
ALTER TABLE log DROP `bucket`;
DESCRIBE log;
SELECT arrived > TIMESTAMP '2024-01-01 00:00:00', word, `offset` FROM log;
UPDATE t SET n = 0 WHERE id = 2;
DELETE FROM t WHERE id = 1;
SELECT id, n FROM t;

-- error: 'partition', which there is not
-- error: change_type
CREATE TABLE u (a INT, `partition` INT METADATA VIRTUAL);
-- error: METADATA VIRTUAL
CREATE TABLE u (a INT, `offset` BIGINT METADATA);
SHOW TABLES;
