-- Reading a table with partitions; what the store does for a query, and where reads begin and end.
SET 'execution.runtime-mode' = 'batch';

CREATE TABLE sales (
  id INT,
  region STRING,
  day_of DATE,
  cents BIGINT,
  buyer ROW<name STRING, home ROW<city STRING, zip INT>>,
  PRIMARY KEY (id, region, day_of) NOT ENFORCED
) PARTITIONED BY (region, day_of) WITH ('bucket.num' = '2');
SELECT * FROM sales;
INSERT INTO sales VALUES
  (1, 'eu', DATE '2024-02-29', 100, ROW('ann', ROW('rome', 1))),
  (2, 'eu', DATE '2024-03-01', 200, ROW('bob', ROW('oslo', 2))),
  (3, 'us', DATE '2024-03-01', 300, CAST(NULL AS ROW<name STRING, home ROW<city STRING, zip INT>>)),
  (4, 'us', DATE '2024-03-02', 400, ROW('dan', CAST(NULL AS ROW<city STRING, zip INT>)));
SELECT * FROM sales;
SELECT id, cents FROM sales WHERE region = 'eu';
SELECT id FROM sales WHERE day_of > DATE '2024-02-29' AND region <> 'us';
SELECT id FROM sales WHERE region LIKE 'u%' AND cents > 300;
SELECT id FROM sales WHERE region = 'mars';
SELECT buyer.home.city, id, buyer.name FROM sales;
SELECT id FROM sales WHERE buyer.home.zip = 2 OR buyer.name = 'dan';
SELECT region, COUNT(*), SUM(cents) FROM sales GROUP BY region;
SELECT * FROM sales WHERE id = 2 AND region = 'eu' AND day_of = DATE '2024-03-01';
UPDATE sales SET cents = 0 WHERE region = 'us';
DELETE FROM sales WHERE day_of = DATE '2024-02-29' AND region = 'eu' AND id = 1;
SELECT id, cents FROM sales;
ALTER TABLE sales DROP PARTITION (region = 'us', day_of = '2024-03-02');
SELECT id, cents FROM sales;

CREATE TEMPORARY VIEW asked AS SELECT *, PROCTIME() AS pt FROM (VALUES (2, 'eu'), (3, 'us'), (2, 'asia')) AS t (id, region);
SELECT a.id, a.region, s.cents FROM asked a LEFT JOIN sales FOR SYSTEM_TIME AS OF a.pt AS s
  ON a.id = s.id AND a.region = s.region AND s.day_of = DATE '2024-03-01';

-- A log: what is wholly the store's is not filtered again.
CREATE TABLE lines (id INT, note STRING, d STRING) PARTITIONED BY (d) WITH ('bucket.num' = '1');
INSERT INTO lines VALUES (1, 'a', 'x');
INSERT INTO lines VALUES (2, 'b', 'x');
INSERT INTO lines VALUES (3, 'ab', 'y');
INSERT INTO lines VALUES (4, CAST(NULL AS STRING), 'x');
EXPLAIN SELECT id FROM lines WHERE note LIKE 'a%' AND d = 'x';
SELECT id FROM lines WHERE note LIKE 'a%' AND d = 'x';
SELECT COUNT(*) FROM (SELECT id FROM lines LIMIT 3);
SELECT id FROM lines /*+ OPTIONS('scan.startup.mode' = 'specific-offsets',
  'scan.startup.specific-offsets' = 'partition:x,bucket:0,offset:1') */;
SELECT id FROM lines /*+ OPTIONS('scan.bounded.mode' = 'specific-offsets',
  'scan.bounded.specific-offsets' = 'partition:x,bucket:0,offset:2;partition:y,bucket:0,offset:1') */;
-- error: bucket:0,offset:42
SELECT id FROM lines /*+ OPTIONS('scan.startup.mode' = 'specific-offsets', 'scan.startup.specific-offsets' = '0:1') */;
-- error: 'scan.bounded.timestamp' is required
SELECT id FROM lines /*+ OPTIONS('scan.bounded.mode' = 'timestamp') */;

SET 'execution.runtime-mode' = 'streaming';
-- A stream that ends, too.
SELECT id, d FROM lines /*+ OPTIONS('scan.bounded.mode' = 'latest-offset') */ WHERE id > 1;
SELECT id, cents FROM sales /*+ OPTIONS('scan.bounded.mode' = 'latest-offset') */;
-- As it was in 1970.
SELECT id FROM sales /*+ OPTIONS('scan.bounded.mode' = 'timestamp', 'scan.bounded.timestamp' = '0') */;
