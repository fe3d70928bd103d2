-- t$binlog: every change of a primary-key table, both halves of an update in one row.
CREATE TABLE t (
  id INT,
  name STRING,
  tags ARRAY<STRING>,
  PRIMARY KEY (id) NOT ENFORCED
) WITH ('bucket.num' = '1');

DESCRIBE `t$binlog`;
SHOW CREATE TABLE `t$binlog`;
INSERT INTO t VALUES (1, 'a', ARRAY['x']);
INSERT INTO t VALUES (2, 'b', CAST(NULL AS ARRAY<STRING>));
INSERT INTO t VALUES (1, 'A', ARRAY['x', 'y']);
INSERT INTO t VALUES (3, 'c', ARRAY['z']);
INSERT INTO t VALUES (1, CAST(NULL AS STRING), ARRAY['w']);

-- As a stream it goes on.
-- rows: 5
SELECT * FROM (SELECT _log_offset, _change_type, before, after FROM `t$binlog`);
-- Bounded in a streaming query.
SELECT _log_offset, _change_type, before.name, after.name FROM `t$binlog` /*+ OPTIONS('scan.bounded.mode' = 'latest-offset') */;

SET 'execution.runtime-mode' = 'batch';
DELETE FROM t WHERE id = 2;
SELECT _log_offset, _change_type, _commit_timestamp > TIMESTAMP '2024-01-01 00:00:00', before, after FROM `t$binlog`;
-- Columns in any order and number.
SELECT after, _change_type FROM `t$binlog`;
SELECT after.id, before.tags[1], after.tags[1] FROM `t$binlog`;
SELECT before.name FROM `t$binlog` WHERE _change_type = 'delete';
SELECT _change_type, COUNT(*) FROM `t$binlog` GROUP BY _change_type;
SELECT COUNT(*) FROM `t$binlog`;
SELECT COUNT(*) FROM (SELECT after FROM `t$binlog` LIMIT 4);
SELECT after.name FROM `t$binlog` WHERE after.id = 3;
-- An update has the offset of its first half: a read that begins behind it has it no more, one that ends there has all of it.
SELECT _log_offset, _change_type, before.name, after.name FROM `t$binlog` /*+ OPTIONS('scan.startup.mode' = 'specific-offsets', 'scan.startup.specific-offsets' = 'bucket:0,offset:3') */;
SELECT _log_offset, _change_type, before.name, after.name FROM `t$binlog` /*+ OPTIONS('scan.bounded.mode' = 'specific-offsets', 'scan.bounded.specific-offsets' = 'bucket:0,offset:3') */;

-- A regular join: what changed of the rows that are there now.
SELECT b._log_offset, b.before.name, b.after.name, t.name FROM `t$binlog` b JOIN t ON b.after.id = t.id WHERE b._change_type = 'update';

-- The rows before come from the log: a table without them has no binlog.
CREATE TABLE log (word STRING);
-- error: $binlog virtual tables are only supported for primary key tables
-- error: log$changelog
SELECT * FROM `log$binlog`;
CREATE TABLE w (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('table.changelog.image' = 'wal');
-- error: lacks the row before each change
-- error: w$changelog
SELECT * FROM `w$binlog`;
CREATE TABLE e (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('table.row.ttl' = '1 d');
-- error: table.row.ttl
SELECT * FROM `e$binlog`;

-- error: only a way to read it
INSERT INTO `t$binlog` VALUES (CAST(NULL AS ROW<id INT, name STRING, tags ARRAY<STRING>>), CAST(NULL AS ROW<id INT, name STRING, tags ARRAY<STRING>>));
-- error: cannot be dropped
DROP TABLE `t$binlog`;
-- error: A lookup join with a virtual table
SELECT o.id, b.after FROM (SELECT id, PROCTIME() AS pt FROM t) AS o JOIN `t$binlog` FOR SYSTEM_TIME AS OF o.pt AS b ON o.id = b._log_offset;
CREATE TABLE p (d STRING, id INT, PRIMARY KEY (d, id) NOT ENFORCED) PARTITIONED BY (d) WITH ('bucket.num' = '1');
INSERT INTO p VALUES ('mon', 1);
SELECT _change_type, after FROM `p$binlog`;
