-- The sink: inserts of some columns, delivery guarantees, order of rows of one key.

DROP TABLE IF EXISTS people;
DROP TABLE IF EXISTS numbered;
DROP TABLE IF EXISTS totals;
DROP TABLE IF EXISTS appended;
DROP TABLE IF EXISTS versions;

CREATE TABLE people (id INT, name STRING, age INT, city STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '2');
CREATE TABLE numbered (name STRING, number BIGINT, note STRING, PRIMARY KEY (name) NOT ENFORCED)
WITH ('bucket.num' = '1', 'auto-increment.fields' = 'number');
CREATE TABLE totals (id INT, pieces INT, price DECIMAL(10, 2), PRIMARY KEY (id) NOT ENFORCED)
WITH ('bucket.num' = '2', 'table.merge-engine' = 'aggregation', 'fields.pieces.agg' = 'sum', 'fields.price.agg' = 'sum');
CREATE TABLE appended (id INT, name STRING) WITH ('bucket.num' = '2');
CREATE TABLE versions (id INT, name STRING, version INT, PRIMARY KEY (id) NOT ENFORCED)
WITH ('bucket.num' = '2', 'table.merge-engine' = 'versioned', 'table.merge-engine.versioned.ver-column' = 'version');

SET 'execution.runtime-mode' = 'batch';

-- Columns that are not named stay as they are, or are NULL where the row is new.
INSERT INTO people (id, name) VALUES (1, 'Ada'), (2, 'Grace');
INSERT INTO people (age, id) VALUES (36, 1), (85, 3);
INSERT INTO people (id, city, name) VALUES (3, 'Leeds', 'Edsger'), (1, 'London', CAST(NULL AS STRING));
SELECT * FROM people ORDER BY id;

-- A column that the store numbers is not given, by INSERT and by UPDATE.
INSERT INTO numbered (name, note) VALUES ('a', 'x');
INSERT INTO numbered (name, note) VALUES ('b', 'y');
UPDATE numbered SET note = CONCAT(note, '!') WHERE number = 1;
SELECT name, note, number > 0 FROM numbered ORDER BY name;
-- error: Explicitly specifying values for an auto increment column is not allowed
UPDATE numbered SET number = 9;

-- What is added up may be given in part, too.
INSERT INTO totals (id, pieces) VALUES (1, 2), (1, 3), (2, 5);
INSERT INTO totals (id, price) VALUES (1, 1.25);
SELECT * FROM totals ORDER BY id;

-- error: Column 'id' has no default value
INSERT INTO people (name, age) VALUES ('Alan', 41);
-- error: it is a log table
INSERT INTO appended (id) VALUES (1);
-- error: does not support partial updates
INSERT INTO versions (id, version) VALUES (1, 1);

-- In one transaction a subtask, seen when the job has ended.
INSERT INTO appended /*+ OPTIONS('sink.delivery-guarantee' = 'exactly-once') */ VALUES (1, 'a'), (2, 'b'), (3, 'c');
INSERT INTO people /*+ OPTIONS('sink.delivery-guarantee' = 'exactly-once') */ (id, age) VALUES (2, 79), (4, 1);
DELETE FROM people /*+ OPTIONS('sink.delivery-guarantee' = 'exactly-once') */ WHERE id = 3;
INSERT INTO totals /*+ OPTIONS('sink.delivery-guarantee' = 'at-least-once') */ (id, pieces) VALUES (2, 6);
SELECT * FROM appended;
SELECT * FROM people ORDER BY id;
SELECT * FROM totals ORDER BY id;

-- error: cannot be read
INSERT INTO appended /*+ OPTIONS('sink.delivery-guarantee' = 'maybe') */ VALUES (4, 'd');
-- error: BUCKET mode is only supported for log tables with bucket keys
INSERT INTO appended /*+ OPTIONS('sink.distribution-mode' = 'BUCKET') */ VALUES (4, 'd');

-- The later row of a key is the last one, whatever the parallelism.
INSERT INTO people /*+ OPTIONS('sink.parallelism' = '4') */ VALUES
  (9, 'one', 1, 'x'), (9, 'two', 2, 'x'), (9, 'ten', 3, 'x'), (9, 'six', 4, 'y'), (9, 'end', 5, 'y');
SELECT * FROM people WHERE id = 9;
INSERT INTO people /*+ OPTIONS('sink.distribution-mode' = 'BUCKET') */ VALUES (9, 'new', 6, 'z');
INSERT INTO people /*+ OPTIONS('sink.bucket-shuffle' = 'false') */ VALUES (8, 'eight', 8, 'z');
SELECT * FROM people WHERE id IN (8, 9) ORDER BY id;

SET 'execution.runtime-mode' = 'streaming';
-- Without checkpoints there is nothing that commits: at least once.
INSERT INTO totals (id, pieces) VALUES (3, 7);
SET 'execution.checkpointing.interval' = '200 ms';
INSERT INTO totals (id, pieces) VALUES (3, 7);
INSERT INTO appended /*+ OPTIONS('sink.delivery-guarantee' = 'exactly-once') */ VALUES (5, 'e');
SET 'execution.runtime-mode' = 'batch';
SELECT * FROM totals WHERE id = 3;
SELECT * FROM appended;
