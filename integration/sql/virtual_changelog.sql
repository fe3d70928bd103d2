-- t$changelog: every change of a table, one a row.
CREATE TABLE t (
  id INT,
  n INT COMMENT 'of the row',
  twice AS n * 2,
  PRIMARY KEY (id) NOT ENFORCED
) COMMENT 'counts' WITH ('bucket.num' = '1');
CREATE TABLE log (word STRING) WITH ('bucket.num' = '1');
CREATE TABLE p (d STRING, id INT, PRIMARY KEY (d, id) NOT ENFORCED) PARTITIONED BY (d) WITH ('bucket.num' = '1');

DESCRIBE `t$changelog`;
SHOW CREATE TABLE `t$changelog`;
DESCRIBE `log$changelog`;
-- It is not listed, as in Apache Fluss.
SHOW TABLES;

INSERT INTO t VALUES (1, 10), (2, 20);
INSERT INTO t VALUES (1, 11), (3, 30);
INSERT INTO log VALUES ('a'), ('b');
INSERT INTO p VALUES ('mon', 1), ('tue', 2);

-- As a stream it goes on; all of it is insertions.
-- rows: 5
SELECT _change_type, _log_offset, id, n, twice, _commit_timestamp > TIMESTAMP '2024-01-01 00:00:00' FROM `t$changelog`;
-- rows: 2
SELECT * FROM (SELECT _log_offset, _change_type, id FROM `t$changelog` /*+ OPTIONS('scan.startup.mode' = 'specific-offsets', 'scan.startup.specific-offsets' = 'bucket:0,offset:3') */);
-- Bounded in a streaming query.
SELECT COUNT(*), MAX(_log_offset) FROM `t$changelog` /*+ OPTIONS('scan.bounded.mode' = 'specific-offsets', 'scan.bounded.specific-offsets' = 'bucket:0,offset:4') */ HAVING COUNT(*) = 4;

SET 'execution.runtime-mode' = 'batch';
DELETE FROM t WHERE id = 2;
SELECT _log_offset, _change_type, id, n, twice FROM `t$changelog`;
SELECT * FROM t;
-- The metadata columns alone.
SELECT _change_type, _log_offset FROM `t$changelog`;
SELECT COUNT(*), MIN(_log_offset), COUNT(DISTINCT _commit_timestamp) > 0 FROM `t$changelog`;
-- Filters of data columns are the store's, those of the others Flink's.
SELECT _change_type, n FROM `t$changelog` WHERE id = 1;
SELECT _change_type, id FROM `t$changelog` WHERE id < 3 AND _change_type <> 'update_before';
SELECT _log_offset, n FROM `t$changelog` WHERE id = 1 AND _log_offset >= 2;
SELECT COUNT(*) FROM (SELECT id FROM `t$changelog` LIMIT 3);
SELECT _change_type, _log_offset, word FROM `log$changelog`;
SELECT word FROM `log$changelog` /*+ OPTIONS('scan.startup.mode' = 'specific-offsets', 'scan.startup.specific-offsets' = 'bucket:0,offset:1') */;
SELECT id FROM `t$changelog` /*+ OPTIONS('scan.startup.mode' = 'earliest', 'scan.bounded.mode' = 'specific-offsets', 'scan.bounded.specific-offsets' = 'bucket:0,offset:2') */;
SELECT id FROM `t$changelog` /*+ OPTIONS('scan.startup.mode' = 'latest') */;
SELECT COUNT(*) FROM `t$changelog` /*+ OPTIONS('scan.startup.mode' = 'timestamp', 'scan.startup.timestamp' = '2024-01-01 00:00:00') */;

-- Partitions.
SHOW PARTITIONS `p$changelog`;
SELECT _change_type, d, id FROM `p$changelog` WHERE d = 'tue';

-- A regular join: each change with the row as it is now.
SELECT c._log_offset, c._change_type, c.n, t.n FROM `t$changelog` c JOIN t ON c.id = t.id;

-- A table that declares such columns itself.
CREATE TABLE m (
  id INT,
  at_offset BIGINT METADATA FROM 'offset' VIRTUAL COMMENT 'in the log',
  change_type STRING METADATA VIRTUAL,
  bucket INT METADATA VIRTUAL,
  ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND,
  PRIMARY KEY (id) NOT ENFORCED
) WITH ('bucket.num' = '1');
DESCRIBE `m$changelog`;
INSERT INTO m VALUES (1);
INSERT INTO m VALUES (2);
SELECT _log_offset, at_offset, _change_type, change_type, bucket, ts = _commit_timestamp, id FROM `m$changelog`;
SELECT at_offset FROM `m$changelog` WHERE change_type = 'insert' AND at_offset > 0;

-- An audit table.
CREATE TABLE audit (what STRING, at_offset BIGINT, id INT) WITH ('bucket.num' = '1');
INSERT INTO audit SELECT _change_type, _log_offset, id FROM `t$changelog`;
SELECT * FROM audit;

-- Without -U in the log there is none here.
CREATE TABLE w (id INT, n INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '1', 'table.changelog.image' = 'wal');
INSERT INTO w VALUES (1, 1);
INSERT INTO w VALUES (1, 2);
SELECT _change_type, _log_offset, id, n FROM `w$changelog`;

-- It is read, and nothing else.
-- error: only a way to read it
-- error: write into 't'
INSERT INTO `t$changelog` VALUES (1, 1);
-- error: t$changelog
DELETE FROM `t$changelog` WHERE id = 1;
-- error: 'fluss.t$changelog' cannot be altered: it is a virtual table
ALTER TABLE `t$changelog` ADD c INT;
-- error: cannot be altered
ALTER TABLE `t$changelog` SET ('scan.startup.mode' = 'latest');
-- error: cannot be renamed
ALTER TABLE `t$changelog` RENAME TO u;
-- error: cannot be dropped
DROP TABLE `t$changelog`;
-- error: gets no partitions
ALTER TABLE `p$changelog` ADD PARTITION (d = 'wed');
-- error: loses no partitions
ALTER TABLE `p$changelog` DROP PARTITION (d = 'mon');
-- error: it contains '$'
CREATE TABLE `u$changelog` (a INT);
-- error: it contains '$'
CREATE TABLE `a$b` (a INT);
-- error: it contains '$'
ALTER TABLE w RENAME TO `w$changelog`;
-- error: not found
SELECT * FROM `none$changelog`;
CREATE VIEW v AS SELECT id FROM t;
-- error: not found
SELECT * FROM `v$changelog`;
-- error: A lookup join with a virtual table
SELECT o.id, c.n FROM (SELECT id, PROCTIME() AS pt FROM t) AS o JOIN `t$changelog` FOR SYSTEM_TIME AS OF o.pt AS c ON o.id = c.id;

-- Another catalog: as declared.
CREATE TEMPORARY TABLE default_catalog.default_database.`x$changelog` (word STRING, what STRING NOT NULL METADATA FROM 'change_type' VIRTUAL)
WITH ('connector' = 'fluss', 'data.dir' = '${data.dir}');
-- error: default_database
SELECT * FROM default_catalog.default_database.`x$changelog`;
SHOW TABLES;
