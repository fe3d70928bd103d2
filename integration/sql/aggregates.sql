-- Aggregates in batch: the store makes those of each bucket.
SET 'execution.runtime-mode' = 'batch';

CREATE TABLE trips (
  id BIGINT,
  city STRING,
  day_of DATE,
  riders INT,
  km DOUBLE,
  driver STRING,
  PRIMARY KEY (id, city, day_of) NOT ENFORCED
) PARTITIONED BY (city, day_of) WITH ('bucket.num' = '2');
SELECT COUNT(*), MIN(driver), SUM(riders) FROM trips;
INSERT INTO trips VALUES
  (1, 'oslo', DATE '2024-03-01', 2, 1.5, 'ann'),
  (2, 'oslo', DATE '2024-03-01', 2147483647, 2.5, 'bob'),
  (3, 'oslo', DATE '2024-03-02', CAST(NULL AS INT), 4.0, 'cem'),
  (4, 'rome', DATE '2024-03-02', 3, 8.0, CAST(NULL AS STRING)),
  (5, 'rome', DATE '2024-03-02', 3, 16.0, 'dan');
UPDATE trips SET riders = 5 WHERE id = 5;
DELETE FROM trips WHERE driver = 'ann';
SELECT COUNT(*), COUNT(riders), COUNT(driver), MIN(driver), MAX(driver), MIN(day_of), SUM(km), AVG(riders) FROM trips;
SELECT city, COUNT(*), MAX(driver), SUM(riders) FROM trips GROUP BY city;
SELECT day_of, city, SUM(km) FROM trips WHERE riders IS NOT NULL GROUP BY city, day_of;
SELECT COUNT(*) FROM trips WHERE city = 'rome' AND km > 100;
SELECT COUNT(*), MAX(id) FROM trips WHERE city LIKE 'o%' AND id < 3;
SELECT COUNT(*), SUM(riders) FROM trips WHERE id = 5 AND city = 'rome' AND day_of = DATE '2024-03-02';
SELECT driver, COUNT(*) FROM trips GROUP BY driver;
SELECT COUNT(DISTINCT city) FROM trips;

-- Integers wrap, as Flink's do.
CREATE TABLE ticks (n INT, at_time TIMESTAMP(9)) WITH ('bucket.num' = '1');
INSERT INTO ticks VALUES (2147483647, TIMESTAMP '2024-01-01 00:00:00.000000001');
INSERT INTO ticks VALUES (1, TIMESTAMP '2024-01-01 00:00:00.000000002');
SELECT SUM(n), AVG(n), MIN(at_time), MAX(at_time), COUNT(*) FROM ticks;
SELECT COUNT(*), MAX(at_time) FROM ticks WHERE n = 1;

-- A table with a DECIMAL: Flink makes the aggregates, AVG too.
CREATE TABLE prices (id INT, price DECIMAL(6, 2)) WITH ('bucket.num' = '1');
INSERT INTO prices VALUES (1, 1.25), (2, 3.50);
SELECT COUNT(*), SUM(price), AVG(price), MAX(price) FROM prices;
