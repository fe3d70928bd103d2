-- What a declaration may say comes back as it was said, in DESCRIBE, SHOW CREATE TABLE and after the store was opened again.
SET 'execution.runtime-mode' = 'batch';

CREATE TABLE orders (
  id BIGINT COMMENT 'number of the order',
  `at` TIMESTAMP(3),
  cents INT NOT NULL,
  note VARCHAR(10),
  euros AS cents / 100 COMMENT 'rounded down',
  day_of AS CAST(`at` AS DATE),
  seen AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND,
  CONSTRAINT number_of_order PRIMARY KEY (id) NOT ENFORCED
) COMMENT 'what people buy' WITH ('bucket.num' = '2', 'scan.startup.mode' = 'full');

SHOW CREATE TABLE orders;
DESCRIBE orders;
INSERT INTO orders VALUES (1, TIMESTAMP '2024-02-29 12:00:00', 1234, 'first'), (2, TIMESTAMP '2024-03-01 00:00:00.5', 99, CAST(NULL AS STRING));
SELECT id, euros, day_of, note FROM orders;
UPDATE orders SET cents = 5000 WHERE id = 2;
DELETE FROM orders WHERE euros = 12;
SELECT id, euros FROM orders;

-- LIKE takes all of it over, or a part.
CREATE TABLE copied LIKE orders;
SHOW CREATE TABLE copied;
CREATE TABLE more (extra STRING, tax AS cents / 5) WITH ('bucket.num' = '3') LIKE orders (OVERWRITING OPTIONS EXCLUDING WATERMARKS);
SHOW CREATE TABLE more;
CREATE TABLE bare (PRIMARY KEY (id) NOT ENFORCED)
  LIKE orders (EXCLUDING ALL);
SHOW CREATE TABLE bare;
-- Of a table in another catalog.
CREATE TABLE default_catalog.default_database.other (a INT, b STRING) COMMENT 'elsewhere' WITH ('connector' = 'datagen');
CREATE TABLE like_other LIKE default_catalog.default_database.other (EXCLUDING OPTIONS);
SHOW CREATE TABLE like_other;

-- From a query.
CREATE TABLE bought COMMENT 'from a query' WITH ('bucket.num' = '1') AS SELECT id, euros, note AS remark FROM orders;
DESCRIBE bought;
SELECT * FROM bought;
-- flink: 2
CREATE TABLE keyed (PRIMARY KEY (k) NOT ENFORCED) WITH ('bucket.num' = '1') AS SELECT id AS k, cents FROM orders;
-- flink: 2
DESCRIBE keyed;
-- flink: 2
SELECT * FROM keyed;
-- error: already exists
CREATE TABLE bought AS SELECT id AS k FROM orders;

-- In place of what there is.
CREATE OR REPLACE TABLE keyed WITH ('bucket.num' = '1') AS SELECT id, 'new' AS word FROM orders;
SELECT * FROM keyed;
REPLACE TABLE keyed WITH ('bucket.num' = '1') AS SELECT 7 AS seven;
SELECT * FROM keyed;
-- error: no_such_table
REPLACE TABLE no_such_table AS SELECT 1 AS n;

-- Dropped and made again: another table, without the rows of the one before.
DROP TABLE bought;
CREATE TABLE bought (id STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '1');
SELECT * FROM bought;
INSERT INTO bought VALUES ('x');
SELECT * FROM bought;
DROP TABLE IF EXISTS no_such_table;
-- error: no_such_table
DROP TABLE no_such_table;
CREATE TABLE IF NOT EXISTS bought (other INT);
DESCRIBE bought;

-- A second catalog on the store sees the same.
CREATE CATALOG other_name WITH ('type' = 'fluss', 'data.dir' = '${data.dir}');
SHOW TABLES FROM other_name.fluss;
SHOW CREATE TABLE other_name.fluss.orders;
SELECT id, euros FROM other_name.fluss.orders;

-- error: DISTRIBUTED BY
-- error: bucket.key
CREATE TABLE refused (a INT) DISTRIBUTED BY (a) INTO 3 BUCKETS;
-- error: NOT ENFORCED
CREATE TABLE refused (a INT, PRIMARY KEY (a));
-- error: bucket.key
-- error: twice
CREATE TABLE refused (a INT, PRIMARY KEY (a) NOT ENFORCED) WITH ('bucket.key' = 'a,a');
-- error: bucket.key
-- error: physical
CREATE TABLE refused (a INT, b AS a + 1) WITH ('bucket.key' = 'b');
SHOW TABLES;
