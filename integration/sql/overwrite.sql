-- INSERT OVERWRITE and TRUNCATE TABLE: the rows that are there are replaced when all new ones are.

DROP TABLE IF EXISTS events;
DROP TABLE IF EXISTS people;
DROP TABLE IF EXISTS totals;
DROP TABLE IF EXISTS days;
DROP TABLE IF EXISTS visits;

CREATE TABLE events (id INT, name STRING) WITH ('bucket.num' = '3');
CREATE TABLE people (id INT, name STRING, age INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '3');
CREATE TABLE totals (id INT, pieces INT, PRIMARY KEY (id) NOT ENFORCED)
WITH ('bucket.num' = '2', 'table.merge-engine' = 'aggregation', 'fields.pieces.agg' = 'sum');
CREATE TABLE days (id INT, d DATE) PARTITIONED BY (d) WITH ('bucket.num' = '2');
CREATE TABLE visits (id INT, country STRING, city STRING, n INT, PRIMARY KEY (id, country, city) NOT ENFORCED)
PARTITIONED BY (country, city) WITH ('bucket.num' = '2');

INSERT INTO events VALUES (1, 'a'), (2, 'b'), (3, 'c');
-- error: SET 'execution.runtime-mode' = 'batch'
INSERT OVERWRITE events VALUES (4, 'd');

SET 'execution.runtime-mode' = 'batch';

-- A log table: offsets go on, the log begins with the new rows.
INSERT OVERWRITE events VALUES (4, 'd'), (5, 'e');
SELECT * FROM events ORDER BY id;
INSERT OVERWRITE events SELECT id + 10, UPPER(name) FROM events WHERE id > 4;
INSERT INTO events VALUES (6, 'f');
SELECT * FROM events ORDER BY id;
-- Of no rows: nothing is left.
INSERT OVERWRITE events SELECT * FROM events WHERE id > 100;
SELECT COUNT(*) FROM events;
INSERT INTO events VALUES (7, 'g');
TRUNCATE TABLE events;
INSERT INTO events VALUES (8, 'h');
SELECT * FROM events ORDER BY id;

-- The rows of a partition to as many subtasks as its share of the rows asks for.
INSERT INTO days /*+ OPTIONS('sink.distribution-mode' = 'PARTITION_DYNAMIC', 'sink.parallelism' = '3') */ VALUES (0, DATE '2024-01-06');
-- error: PARTITION_DYNAMIC is only supported for partitioned tables
INSERT INTO events /*+ OPTIONS('sink.distribution-mode' = 'PARTITION_DYNAMIC') */ VALUES (9, 'i');

-- A primary-key table. Columns that are not named are NULL: the rows are new.
INSERT INTO people VALUES (1, 'Ada', 36), (2, 'Grace', 85), (3, 'Edsger', 72);
INSERT OVERWRITE people VALUES (2, 'Grace', 86), (4, 'Alan', 41);
SELECT * FROM people ORDER BY id;
INSERT OVERWRITE people (id, name) VALUES (4, 'Alan'), (5, 'Barbara');
SELECT * FROM people ORDER BY id;
DELETE FROM people;
SELECT COUNT(*) FROM people;
INSERT INTO people VALUES (6, 'Kurt', 71);
TRUNCATE TABLE people;
SELECT COUNT(*) FROM people;

-- New rows are added up with each other, not with the old ones.
INSERT INTO totals VALUES (1, 10), (2, 20);
INSERT OVERWRITE totals VALUES (1, 1), (3, 5), (1, 2);
SELECT * FROM totals ORDER BY id;

-- Partitions that get rows are replaced, and the one that is named.
INSERT INTO days VALUES (1, DATE '2024-01-01'), (2, DATE '2024-01-02'), (3, DATE '2024-01-03');
INSERT OVERWRITE days VALUES (4, DATE '2024-01-02'), (5, DATE '2024-01-04');
SELECT * FROM days ORDER BY id;
INSERT OVERWRITE days PARTITION (d = '2024-01-01') SELECT 6;
INSERT OVERWRITE days PARTITION (d = '2024-01-03') SELECT id FROM days WHERE id > 100;
INSERT OVERWRITE days PARTITION (d = '2024-01-05') SELECT id FROM days WHERE id > 100;
SELECT * FROM days ORDER BY id;
SHOW PARTITIONS days;
INSERT INTO visits VALUES (1, 'it', 'Rome', 1), (2, 'it', 'Pisa', 2), (3, 'fr', 'Lyon', 3);
-- Of some partition keys: those that get rows.
INSERT OVERWRITE visits PARTITION (country = 'it') (id, city, n) VALUES (4, 'Pisa', 4), (5, 'Bari', 5);
SELECT * FROM visits ORDER BY id;
TRUNCATE TABLE visits;
SELECT COUNT(*) FROM visits;
SHOW PARTITIONS visits;
