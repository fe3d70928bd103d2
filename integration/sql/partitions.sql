-- Partitions: made by hand, by the first row, by time; listed and dropped; their names.
SET 'execution.runtime-mode' = 'batch';

CREATE TABLE sales (
  id INT,
  region STRING,
  day_of DATE,
  cents BIGINT,
  euros AS cents / 100,
  PRIMARY KEY (id, region, day_of) NOT ENFORCED
) COMMENT 'by region and day' PARTITIONED BY (region, day_of) WITH ('bucket.num' = '2');
SHOW CREATE TABLE sales;
DESCRIBE sales;
SHOW PARTITIONS sales;

ALTER TABLE sales ADD PARTITION (region = 'eu', day_of = '2024-02-29');
ALTER TABLE sales ADD IF NOT EXISTS PARTITION (region = 'eu', day_of = '2024-02-29') PARTITION (region = 'us', day_of = '2024-02-29');
-- error: exist
ALTER TABLE sales ADD PARTITION (region = 'eu', day_of = '2024-02-29');
SHOW PARTITIONS sales;

-- The first row of a partition makes it.
INSERT INTO sales VALUES (1, 'eu', DATE '2024-03-01', 100), (2, 'eu', DATE '2024-03-02', 200), (3, 'asia', DATE '2024-03-01', 300);
INSERT INTO sales PARTITION (region = 'africa', day_of = '2024-03-01') SELECT 4, CAST(400 AS BIGINT);
SHOW PARTITIONS sales;
SHOW PARTITIONS sales PARTITION (region = 'eu');
SHOW PARTITIONS sales PARTITION (day_of = '2024-03-01');
SHOW PARTITIONS sales PARTITION (region = 'eu', day_of = '2024-03-02');
SHOW PARTITIONS sales PARTITION (region = 'none');
-- error: no partition 'mars$2024-03-01'
-- error: create it first
INSERT INTO sales /*+ OPTIONS('client.writer.dynamic-create-partition.enabled' = 'false') */ VALUES (1, 'mars', DATE '2024-03-01', 1);

ALTER TABLE sales DROP PARTITION (region = 'eu', day_of = '2024-02-29');
ALTER TABLE sales DROP IF EXISTS PARTITION (region = 'eu', day_of = '2024-02-29'), PARTITION (region = 'us', day_of = '2024-02-29');
-- error: not exist
ALTER TABLE sales DROP PARTITION (region = 'eu', day_of = '2024-02-29');
SHOW PARTITIONS sales;

-- A name that its type does not have, or other keys.
-- error: day_of
ALTER TABLE sales ADD PARTITION (region = 'eu', day_of = '29.02.2024');
-- error: region
ALTER TABLE sales ADD PARTITION (region = 'e$u', day_of = '2024-02-29');
-- error: PartitionSpec
ALTER TABLE sales ADD PARTITION (region = 'eu');
-- error: day_of
ALTER TABLE sales DROP PARTITION (region = 'eu');
-- error: cents
SHOW PARTITIONS sales PARTITION (cents = '1');
-- error: no options of its own
ALTER TABLE sales ADD PARTITION (region = 'eu', day_of = '2024-04-01') WITH ('k' = 'v');

-- LIKE and ALTER keep them.
CREATE TABLE copied LIKE sales;
SHOW PARTITIONS copied;
ALTER TABLE sales ADD note STRING;
-- error: `region`
ALTER TABLE sales DROP region;
-- error: `region`
ALTER TABLE sales RENAME region TO continent;
ALTER TABLE sales MODIFY region STRING COMMENT 'where';
SHOW PARTITIONS sales;

-- How the values of each type are written.
CREATE TABLE kinds (
  a INT,
  c CHAR(2), b BOOLEAN, t TINYINT, s SMALLINT, i INT, l BIGINT, f FLOAT, d DOUBLE, x BINARY(2), y BYTES,
  dt DATE, tm TIME, ts TIMESTAMP(3), ltz TIMESTAMP_LTZ(9)
) PARTITIONED BY (c, b, t, s, i, l, f, d, x, y, dt, tm, ts, ltz) WITH ('bucket.num' = '1');
SET 'table.local-time-zone' = 'Europe/Berlin';
INSERT INTO kinds VALUES (1, 'ab', TRUE, CAST(-1 AS TINYINT), CAST(-32760 AS SMALLINT), 7, 9000000000, CAST(12.5 AS FLOAT), 1e10, x'4869', x'00ff',
  DATE '2025-10-12', TIME '12:55:00', TIMESTAMP '2025-10-12 12:55:00.001', CAST(TIMESTAMP '2025-10-12 12:55:00.001' AS TIMESTAMP_LTZ(9)));
SHOW PARTITIONS kinds;
SET 'table.local-time-zone' = 'UTC';

-- By time: the present day and the next, made with the table.
CREATE TABLE daily (id INT, dt STRING, PRIMARY KEY (id, dt) NOT ENFORCED) PARTITIONED BY (dt) WITH (
  'bucket.num' = '1', 'table.auto-partition.enabled' = 'true', 'table.auto-partition.time-unit' = 'year',
  'table.auto-partition.num-precreate' = '0', 'table.auto-partition.num-retention' = '-1', 'table.auto-partition.time-zone' = 'UTC');
SHOW PARTITIONS daily;
ALTER TABLE daily SET ('table.auto-partition.num-precreate' = '1');
ALTER TABLE daily SET ('table.auto-partition.num-retention' = '2');
-- error: out-of-date
ALTER TABLE daily ADD PARTITION (dt = '2019');
-- error: 'table.auto-partition.time-unit'
ALTER TABLE daily SET ('table.auto-partition.time-unit' = 'day');
-- error: table.auto-partition
CREATE TABLE refused (a INT) WITH ('table.auto-partition.enabled' = 'true');

-- What no partition key can be.
-- error: DECIMAL
CREATE TABLE refused (a INT, p DECIMAL(3, 1)) PARTITIONED BY (p);
-- error: must contain all partition keys
CREATE TABLE refused (a INT, p STRING, PRIMARY KEY (a) NOT ENFORCED) PARTITIONED BY (p);
-- error: bucket key
CREATE TABLE refused (a INT, p STRING) PARTITIONED BY (p) WITH ('bucket.key' = 'p');
CREATE TABLE plain (a INT);
-- error: not partitioned
SHOW PARTITIONS plain;
-- error: not partitioned
ALTER TABLE plain ADD PARTITION (a = '1');
CREATE VIEW v AS SELECT * FROM plain;
-- error: not partitioned
SHOW PARTITIONS v;

DROP TABLE sales;
CREATE TABLE sales (a INT, p STRING) PARTITIONED BY (p);
SHOW PARTITIONS sales;
SHOW TABLES;
