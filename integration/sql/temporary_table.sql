-- 'connector' = 'fluss' needs no Fluss catalog: any catalog's CREATE TABLE, and temporary tables.

USE CATALOG default_catalog;

CREATE TABLE sensors (
  id INT,
  place STRING,
  PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'fluss', 'data.dir' = '${data.dir}', 'bucket.num' = '2');

CREATE TEMPORARY TABLE readings (
  sensor INT,
  celsius DOUBLE,
  seen AS PROCTIME()
) WITH ('connector' = 'fluss', 'data.dir' = 'file://${data.dir}');

SET 'execution.runtime-mode' = 'batch';

INSERT INTO sensors VALUES (1, 'roof'), (2, 'cellar');
INSERT INTO readings VALUES (1, 21.5), (2, 14.0), (1, 22.25), (3, 0.0);

SELECT * FROM sensors;
SELECT sensor, celsius FROM readings;

SELECT r.celsius, s.place FROM readings AS r JOIN sensors FOR SYSTEM_TIME AS OF r.seen AS s ON r.sensor = s.id;

UPDATE sensors SET place = 'attic' WHERE id = 1;
SELECT * FROM sensors;

-- The store's tables are those of database default_database there; a Fluss catalog sees them too.
SELECT * FROM fluss.default_database.sensors;
SHOW TABLES FROM fluss.default_database;

-- Temporary tables work inside a Fluss catalog too.
CREATE TEMPORARY TABLE fluss.default_database.other_name (id INT) WITH ('connector' = 'fluss', 'data.dir' = '${data.dir}');
SELECT COUNT(*) FROM fluss.default_database.other_name;

DROP TABLE sensors;
CREATE TABLE sensors (
  id BIGINT,
  place STRING,
  PRIMARY KEY (id) NOT ENFORCED
) WITH ('connector' = 'fluss', 'data.dir' = '${data.dir}', 'bucket.num' = '2');
-- error: sensors
-- error: BIGINT
SELECT * FROM sensors;
