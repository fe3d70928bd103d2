-- t$snapshot: a table as it was at a time or at offsets, or as it is now.
CREATE TABLE t (
  id INT,
  n INT,
  PRIMARY KEY (id) NOT ENFORCED
) WITH ('bucket.num' = '1', 'scan.startup.mode' = 'full');
CREATE TABLE log (word STRING) WITH ('bucket.num' = '1');
CREATE TABLE p (d STRING, id INT, n INT, PRIMARY KEY (d, id) NOT ENFORCED) PARTITIONED BY (d) WITH ('bucket.num' = '1');
INSERT INTO t VALUES (1, 10), (2, 20), (3, 30);
INSERT INTO t VALUES (1, 11), (4, 40);
INSERT INTO t VALUES (1, 12);
INSERT INTO log VALUES ('a'), ('b'), ('c');
INSERT INTO p VALUES ('mon', 1, 1), ('tue', 1, 2);

DESCRIBE `t$snapshot`;

-- In a streaming query it is the side that ends: the rows as they are now, and no more.
SELECT COUNT(*), SUM(n) FROM `t$snapshot` HAVING COUNT(*) = 4;
SELECT id, n FROM `t$snapshot`;
SELECT id, n FROM `t$snapshot` /*+ OPTIONS('scan.snapshot.specific-offsets' = 'bucket:0,offset:3') */;
-- rows: 2
SELECT c._log_offset, c.id, s.n FROM `t$changelog` c JOIN `t$snapshot` /*+ OPTIONS('scan.snapshot.specific-offsets' = 'bucket:0,offset:3') */ AS s ON c.id = s.id WHERE c._change_type = 'update_after';

SET 'execution.runtime-mode' = 'batch';
DELETE FROM t WHERE id = 2;
SELECT * FROM t;
SELECT * FROM `t$snapshot`;
-- After each of the writes.
SELECT * FROM `t$snapshot` /*+ OPTIONS('scan.snapshot.specific-offsets' = 'bucket:0,offset:0') */;
SELECT * FROM `t$snapshot` /*+ OPTIONS('scan.snapshot.specific-offsets' = 'bucket:0,offset:3') */;
SELECT * FROM `t$snapshot` /*+ OPTIONS('scan.snapshot.specific-offsets' = 'bucket:0,offset:6') */;
SELECT * FROM `t$snapshot` /*+ OPTIONS('scan.snapshot.specific-offsets' = 'bucket:0,offset:8') */;
-- What lies in the future has not happened yet.
SELECT * FROM `t$snapshot` /*+ OPTIONS('scan.snapshot.specific-offsets' = 'bucket:0,offset:1000') */;
-- Of the table itself it is the same, and so is a read in full that ends earlier.
SELECT * FROM t /*+ OPTIONS('scan.snapshot.specific-offsets' = 'bucket:0,offset:3') */;
SELECT * FROM t /*+ OPTIONS('scan.bounded.mode' = 'specific-offsets', 'scan.bounded.specific-offsets' = 'bucket:0,offset:3') */;
-- By columns, filters, counts.
SELECT n FROM `t$snapshot` /*+ OPTIONS('scan.snapshot.specific-offsets' = 'bucket:0,offset:3') */ WHERE id < 3;
SELECT id FROM `t$snapshot` /*+ OPTIONS('scan.snapshot.specific-offsets' = 'bucket:0,offset:6') */ WHERE n = 11;
SELECT COUNT(*) FROM `t$snapshot` /*+ OPTIONS('scan.snapshot.specific-offsets' = 'bucket:0,offset:6') */;
SELECT COUNT(*) FROM `t$snapshot`;
SELECT COUNT(*) FROM (SELECT id FROM `t$snapshot` /*+ OPTIONS('scan.snapshot.specific-offsets' = 'bucket:0,offset:6') */ LIMIT 2);
-- What has changed since.
SELECT now.id, before.n, now.n FROM t AS now LEFT JOIN `t$snapshot` /*+ OPTIONS('scan.snapshot.specific-offsets' = 'bucket:0,offset:3') */ AS before ON now.id = before.id;

-- By time. Before the first write there was nothing.
SELECT * FROM `t$snapshot` /*+ OPTIONS('scan.snapshot.timestamp' = '2024-01-01 00:00:00') */;
SELECT * FROM t FOR SYSTEM_TIME AS OF TIMESTAMP '2024-01-01 00:00:00';
SELECT COUNT(*) FROM log FOR SYSTEM_TIME AS OF TIMESTAMP '2024-01-01 00:00:00';

-- A log table: the rows below the offset.
SELECT word FROM `log$snapshot` /*+ OPTIONS('scan.snapshot.specific-offsets' = 'bucket:0,offset:2') */;
SELECT word FROM `log$snapshot`;

-- Partitions; a bucket that is not named is not read.
INSERT INTO p VALUES ('mon', 1, 11), ('tue', 1, 22);
SELECT * FROM `p$snapshot` /*+ OPTIONS('scan.snapshot.specific-offsets' = 'partition:mon,bucket:0,offset:1;partition:tue,bucket:0,offset:3') */;
SELECT * FROM `p$snapshot` /*+ OPTIONS('scan.snapshot.specific-offsets' = 'partition:tue,bucket:0,offset:1') */;
SELECT * FROM `p$snapshot` WHERE d = 'tue';
SELECT COUNT(*) FROM `p$snapshot` /*+ OPTIONS('scan.snapshot.timestamp' = '2024-01-01 00:00:00') */;
SHOW PARTITIONS `p$snapshot`;

-- What the table says of its readers elsewhere does not count.
CREATE TABLE late (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '1', 'scan.startup.mode' = 'latest');
INSERT INTO late VALUES (1), (2);
SELECT * FROM `late$snapshot`;
-- error: a snapshot of a table has no other beginning or end
-- error: late$snapshot
SELECT * FROM late /*+ OPTIONS('scan.snapshot.specific-offsets' = 'bucket:0,offset:1') */;
-- error: give one
SELECT * FROM `t$snapshot` /*+ OPTIONS('scan.snapshot.specific-offsets' = 'bucket:0,offset:1', 'scan.snapshot.timestamp' = '1') */;
-- error: is not of the form
SELECT * FROM `t$snapshot` /*+ OPTIONS('scan.snapshot.specific-offsets' = '3') */;
-- error: neither milliseconds since the epoch nor of the form
SELECT * FROM `t$snapshot` /*+ OPTIONS('scan.snapshot.timestamp' = 'yesterday') */;
-- error: a table cannot be read as it is at
SELECT * FROM `t$snapshot` /*+ OPTIONS('scan.snapshot.timestamp' = '2999-01-01 00:00:00') */;
-- error: is about changes
SELECT * FROM `t$changelog` /*+ OPTIONS('scan.snapshot.timestamp' = '1') */;
CREATE TABLE w (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('table.changelog.image' = 'wal');
-- error: lacks the row before each change
-- error: w$changelog
SELECT * FROM `w$snapshot` /*+ OPTIONS('scan.snapshot.timestamp' = '1') */;
SELECT * FROM `w$snapshot`;
-- error: only a way to read it
INSERT INTO `t$snapshot` VALUES (1, 1);
-- error: cannot be dropped
DROP TABLE `t$snapshot`;
-- error: A lookup join with a virtual table
SELECT o.id, s.n FROM (SELECT id, PROCTIME() AS pt FROM t) AS o JOIN `t$snapshot` FOR SYSTEM_TIME AS OF o.pt AS s ON o.id = s.id;
