-- What the optimizer knows of tables: the number of rows from the store, columns from ANALYZE TABLE.
SET 'execution.runtime-mode' = 'batch';

CREATE TABLE keyed (id INT, word STRING, amount DOUBLE, day_ DATE, ok BOOLEAN, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '2');
INSERT INTO keyed VALUES
    (1, 'a', 1.5, DATE '2024-01-01', TRUE), (2, 'bcd', CAST(NULL AS DOUBLE), DATE '2024-01-03', FALSE),
    (3, 'a', 4.5, CAST(NULL AS DATE), TRUE), (4, 'b', 2.5, DATE '2024-01-02', TRUE);
INSERT INTO keyed VALUES (4, 'c', 2.5, DATE '2024-01-02', TRUE);
EXPLAIN ESTIMATED_COST SELECT * FROM keyed;
EXPLAIN ESTIMATED_COST SELECT DISTINCT word FROM keyed;
ANALYZE TABLE keyed COMPUTE STATISTICS FOR ALL COLUMNS;
EXPLAIN ESTIMATED_COST SELECT DISTINCT word FROM keyed;
SHOW CREATE TABLE keyed;

-- A change of columns forgets them.
ALTER TABLE keyed RENAME word TO words;
EXPLAIN ESTIMATED_COST SELECT DISTINCT words FROM keyed;
ANALYZE TABLE keyed COMPUTE STATISTICS FOR COLUMNS id, words;
EXPLAIN ESTIMATED_COST SELECT DISTINCT words FROM keyed;

-- Where the store does not count the rows, they are as many as ANALYZE TABLE found.
CREATE TABLE uncounted (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '1', 'table.changelog.image' = 'wal');
INSERT INTO uncounted VALUES (1), (2), (3);
EXPLAIN ESTIMATED_COST SELECT * FROM uncounted;
ANALYZE TABLE uncounted COMPUTE STATISTICS;
INSERT INTO uncounted VALUES (4);
EXPLAIN ESTIMATED_COST SELECT * FROM uncounted;

-- Rows of the partitions that are read.
CREATE TABLE parted (id INT, p INT) PARTITIONED BY (p) WITH ('bucket.num' = '1');
INSERT INTO parted VALUES (1, 10), (2, 10), (3, 20), (4, 30), (5, 30), (6, 30);
EXPLAIN ESTIMATED_COST SELECT * FROM parted;
EXPLAIN ESTIMATED_COST SELECT * FROM parted WHERE p = 10;
EXPLAIN ESTIMATED_COST SELECT * FROM parted WHERE p IN (10, 20);
-- error: statistics of tables without partitions only
ANALYZE TABLE parted PARTITION (p) COMPUTE STATISTICS;

-- The smaller table is the one that is sent to all.
CREATE TABLE small (id INT) WITH ('bucket.num' = '1');
INSERT INTO small VALUES (1);
EXPLAIN SELECT * FROM keyed JOIN small ON keyed.id = small.id;
EXPLAIN SELECT * FROM small JOIN keyed ON keyed.id = small.id;
