-- What a streaming reader sees of a primary-key table: the changes as they were made, or the state and then the changes.

DROP TABLE IF EXISTS stock;

CREATE TABLE stock (
  item STRING,
  pieces INT,
  PRIMARY KEY (item) NOT ENFORCED
) WITH ('bucket.num' = '1');

SET 'execution.runtime-mode' = 'batch';
-- One statement a row: rows of one statement with different keys may arrive in any order.
INSERT INTO stock VALUES ('bolt', 10);
INSERT INTO stock VALUES ('nut', 20);
INSERT INTO stock VALUES ('bolt', 11);
UPDATE stock SET pieces = 0 WHERE item = 'nut';
DELETE FROM stock WHERE item = 'nut';
INSERT INTO stock VALUES ('screw', 5);
-- The same row again is a change too, as in Fluss.
INSERT INTO stock VALUES ('bolt', 11);
-- A row that is not there is deleted without a trace.
DELETE FROM stock WHERE item = 'nail';
SELECT * FROM stock;

SET 'execution.runtime-mode' = 'streaming';

-- rows: 10
-- ordered
SELECT * FROM stock /*+ OPTIONS('scan.startup.mode' = 'earliest') */;

-- rows: 2
SELECT * FROM stock;
