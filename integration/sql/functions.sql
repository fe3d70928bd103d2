-- Functions of the catalog: those over Roaring bitmaps in every database, and users' own.
SET 'execution.runtime-mode' = 'batch';

SELECT rb_cardinality(rb_build(ARRAY[1, 2, 3, 2])) AS three, rb_to_array(rb_build(ARRAY[3, 70000, 1, -1])) AS sorted;
SELECT rb_contains(rb_build(ARRAY[1, 2]), 2) AS has, rb_contains(rb_build(ARRAY[1, 2]), 5) AS has_not;
SELECT
    rb_to_array(rb_or(a, b)) AS any_of, rb_to_array(rb_and(a, b)) AS in_both,
    rb_to_array(rb_xor(a, b)) AS in_one, rb_to_array(rb_andnot(a, b)) AS in_first
FROM (SELECT rb_build(ARRAY[1, 2, 100000]) AS a, rb_build(ARRAY[2, 3]) AS b);
-- NULL, and nothing.
SELECT rb_build(CAST(NULL AS ARRAY<INT>)) AS n1, rb_cardinality(CAST(NULL AS BYTES)) AS n2, rb_or(rb_build(ARRAY[1]), CAST(NULL AS BYTES)) AS n3,
    rb_contains(rb_build(ARRAY[1]), CAST(NULL AS INT)) AS n4,
    rb_cardinality(rb_and(rb_build(ARRAY[1]), rb_build(ARRAY[2]))) AS zero, rb_to_array(rb_build(ARRAY[CAST(NULL AS INT), 7])) AS seven;
-- error: no 32-bit Roaring bitmap
SELECT rb_cardinality(X'0102') AS n;

-- In a row of an aggregation table (fields.<column>.agg = rbm32), and over rows.
CREATE TABLE visits (page INT, visitors BYTES, PRIMARY KEY (page) NOT ENFORCED)
WITH ('bucket.num' = '2', 'table.merge-engine' = 'aggregation', 'fields.visitors.agg' = 'rbm32');
INSERT INTO visits VALUES (1, rb_build(ARRAY[1, 2])), (2, rb_build(ARRAY[2, 5]));
INSERT INTO visits VALUES (1, rb_build(ARRAY[2, 3, 100000])), (3, CAST(NULL AS BYTES));
SELECT page, rb_to_array(visitors) AS visitors FROM visits;
SELECT rb_to_array(rb_or_agg(visitors)) AS any_page, rb_to_array(rb_and_agg(visitors)) AS every_page, rb_to_array(rb_xor_agg(visitors)) AS odd FROM visits;
INSERT INTO visits SELECT page, rb_build_agg(id) FROM (VALUES (1, 8), (1, 9), (1, 8), (4, 10), (4, CAST(NULL AS INT))) AS v (page, id) GROUP BY page;
SELECT page, rb_to_array(visitors) AS visitors FROM visits;
SELECT rb_or_agg(visitors) AS no_row, rb_build_agg(page) AS nobody FROM visits WHERE page > 9;
SELECT rb_and_agg(visitors) AS disjoint, rb_cardinality(rb_xor_agg(visitors)) AS zero FROM (SELECT rb_build(ARRAY[1]) AS visitors UNION ALL SELECT rb_build(ARRAY[2]) UNION ALL SELECT rb_build(ARRAY[1, 2]));

-- In upper case too.
SELECT RB_CARDINALITY(rb_build(ARRAY[1, 2])) AS two;

-- As a stream: rb_xor_agg takes back what is no longer so.
CREATE TABLE one_bucket (id INT, v BYTES, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '1');
INSERT INTO one_bucket VALUES (1, rb_build(ARRAY[1, 2]));
INSERT INTO one_bucket VALUES (2, rb_build(ARRAY[9]));
INSERT INTO one_bucket VALUES (1, rb_build(ARRAY[2, 3]));
SET 'execution.runtime-mode' = 'streaming';
-- rows: 7
-- ordered
SELECT rb_to_array(rb_xor_agg(v)) AS odd FROM one_bucket /*+ OPTIONS('scan.startup.mode' = 'earliest') */;
-- error: retract
SELECT rb_or_agg(v) AS b FROM one_bucket;
CREATE TABLE clicks (page INT, id INT);
INSERT INTO clicks VALUES (1, 70000), (1, 5);
-- rows: 3
SELECT page, rb_cardinality(rb_build_agg(id)) AS visitors FROM clicks GROUP BY page;
SET 'execution.runtime-mode' = 'batch';

-- Users' functions: the store keeps the name of the class.
CREATE FUNCTION members AS 'io.fluss.flink.function.BitmapFunctions$Cardinality';
SELECT members(visitors) AS n FROM visits WHERE page = 2;
SHOW USER FUNCTIONS;
-- error: already exist
CREATE FUNCTION members AS 'io.fluss.flink.function.BitmapFunctions$Cardinality';
CREATE FUNCTION IF NOT EXISTS members AS 'x';
CREATE CATALOG other_name WITH ('type' = 'fluss', 'data.dir' = '${data.dir}');
SELECT other_name.fluss.members(visitors) AS n FROM visits WHERE page = 2;
ALTER FUNCTION members AS 'io.fluss.flink.function.BitmapFunctions$ToArray';
SELECT members(visitors) AS list FROM visits WHERE page = 2;
-- error: already exist
CREATE FUNCTION rb_or AS 'x';
-- error: the Fluss catalog's own
DROP FUNCTION rb_or;
-- A function is of one database; its other properties are as they were.
CREATE DATABASE d WITH ('k' = 'v');
USE d;
-- error: members
SELECT members(rb_build(ARRAY[1])) AS n;
CREATE FUNCTION members AS 'io.fluss.flink.function.BitmapFunctions$Cardinality';
ALTER DATABASE d SET ('k' = 'w');
SELECT members(rb_build(ARRAY[1])) AS n;
USE fluss;
-- error: not empty
DROP DATABASE d RESTRICT;
USE d;
DROP FUNCTION members;
DROP FUNCTION IF EXISTS members;
-- error: members
DROP FUNCTION members;
USE fluss;
DROP DATABASE d RESTRICT;
