-- Queries by the key in batch read its bucket, and there only rows that begin with it.
SET 'execution.runtime-mode' = 'batch';

CREATE TABLE users (id BIGINT, region STRING, name STRING, born DATE, PRIMARY KEY (region, id) NOT ENFORCED)
  WITH ('bucket.num' = '4', 'bucket.key' = 'region');
INSERT INTO users VALUES
  (1, 'eu', 'ann', DATE '1990-01-01'), (2, 'eu', 'bob', DATE '1991-01-01'), (1, 'us', 'cem', DATE '1992-01-01'),
  (3, 'asia', 'dan', CAST(NULL AS DATE));
SELECT * FROM users WHERE region = 'eu' AND id = 2;
SELECT name FROM users WHERE id = 1 AND region = 'us' AND born > DATE '1990-12-31';
SELECT name FROM users WHERE id = 1 AND region = 'us' AND born IS NULL;
SELECT name FROM users WHERE id = 9 AND region = 'us';
SELECT name FROM users WHERE id = CAST(NULL AS BIGINT) AND region = 'us';
SELECT name FROM users WHERE id = 1 AND id = 2 AND region = 'us';
-- By the bucket key alone, by several keys, and by what is no key.
SELECT id, name FROM users WHERE region = 'eu';
SELECT id, name FROM users WHERE region IN ('eu', 'asia', 'mars') AND id IN (1, 3);
SELECT region, name FROM users WHERE (region = 'eu' AND id = 1) OR (region = 'us' AND id = 1);
SELECT region, name FROM users WHERE id = 1;
-- The literal in another type than the column.
SELECT name FROM users WHERE region = CAST('eu' AS CHAR(2)) AND id = CAST(2 AS TINYINT);
SELECT name FROM users WHERE region = 'eu' AND id = 2.0;
SELECT name FROM users WHERE region = 'eu' AND id = 2.5;

CREATE TABLE visits (id INT, d DATE, n INT, PRIMARY KEY (id, d) NOT ENFORCED) PARTITIONED BY (d)
  WITH ('bucket.num' = '2');
INSERT INTO visits VALUES (1, DATE '2024-02-29', 10), (1, DATE '2024-03-01', 20), (2, DATE '2024-03-01', 30);
SELECT n FROM visits WHERE id = 1 AND d = DATE '2024-03-01';
SELECT d, n FROM visits WHERE id = 1;
UPDATE visits SET n = 21 WHERE id = 1 AND d = DATE '2024-03-01';
DELETE FROM visits WHERE id = 2 AND d = DATE '2024-03-01';
SELECT * FROM visits WHERE id IN (1, 2) AND d = DATE '2024-03-01';

-- Expired rows are not there.
CREATE TABLE brief (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('table.row.ttl' = '1 ms');
INSERT INTO brief VALUES (1, 'ann');
SELECT name FROM brief WHERE id = 1;

-- A log: its bucket.
CREATE TABLE clicks (id INT, page STRING) WITH ('bucket.num' = '4', 'bucket.key' = 'id');
INSERT INTO clicks VALUES (1, 'a'), (2, 'b'), (1, 'c');
SELECT page FROM clicks WHERE id = 1;

-- A lookup join with a filter of what is found, in batch too; the filter may give a part of the key.
CREATE TEMPORARY VIEW asked AS SELECT *, PROCTIME() AS pt FROM (VALUES (1), (2), (3)) AS t (id);
SELECT a.id, u.name FROM asked a JOIN users FOR SYSTEM_TIME AS OF a.pt AS u ON a.id = u.id AND u.region = 'eu';
SELECT a.id, u.name FROM asked a LEFT JOIN users FOR SYSTEM_TIME AS OF a.pt AS u
  ON a.id = u.id AND u.region = 'eu' AND u.born > DATE '1990-06-01';
SET 'execution.runtime-mode' = 'streaming';
SELECT a.id, u.name FROM asked a JOIN users FOR SYSTEM_TIME AS OF a.pt AS u ON a.id = u.id AND u.region = 'eu';
SELECT a.id, u.name FROM asked a JOIN users FOR SYSTEM_TIME AS OF a.pt AS u
  ON a.id = u.id AND u.region = 'eu' AND u.born > DATE '1990-06-01';
