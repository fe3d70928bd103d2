-- A column that the store numbers, and rows that expire.

DROP TABLE IF EXISTS numbered;
DROP TABLE IF EXISTS sessions;

CREATE TABLE numbered (name STRING, number BIGINT, note STRING, PRIMARY KEY (name) NOT ENFORCED)
WITH ('bucket.num' = '1', 'auto-increment.fields' = 'number');

CREATE TABLE sessions (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED)
WITH ('bucket.num' = '1', 'table.row.ttl' = '1 h');

SET 'execution.runtime-mode' = 'batch';

INSERT INTO numbered VALUES ('a', CAST(NULL AS BIGINT), 'x');
INSERT INTO numbered VALUES ('b', CAST(NULL AS BIGINT), 'y'), ('a', CAST(NULL AS BIGINT), 'z');
SELECT * FROM numbered;

-- error: Explicitly specifying values for an auto increment column is not allowed
INSERT INTO numbered VALUES ('c', 7, 'x');
INSERT INTO numbered (name, note) VALUES ('c', 'x');
UPDATE numbered SET note = 'w' WHERE name = 'c';
-- error: Explicitly specifying values for an auto increment column is not allowed
UPDATE numbered SET number = 7 WHERE number = 1;
DELETE FROM numbered WHERE name = 'a';
SELECT * FROM numbered;

INSERT INTO sessions VALUES (1, 'a'), (2, 'b');
SELECT * FROM sessions;

-- error: the data type of an auto increment column must be INT or BIGINT
CREATE TABLE wrong (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('auto-increment.fields' = 'name');
-- error: only a primary-key table has a row TTL
CREATE TABLE wrong (id INT) WITH ('table.row.ttl' = '1 h');
