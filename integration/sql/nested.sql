-- ARRAY, MAP and ROW, and these within each other: NULL at every level, and nothing in them, through a log table and a primary-key table.

DROP TABLE IF EXISTS nested_log;
DROP TABLE IF EXISTS nested_pk;
DROP TABLE IF EXISTS nested_asks;

CREATE TABLE nested_log (
  id INT NOT NULL,
  xs ARRAY<INT>,
  m MAP<STRING, BIGINT>,
  r ROW<city STRING, seen TIMESTAMP(9), tags ARRAY<STRING>>,
  deep ARRAY<ROW<n INT, parts ARRAY<MAP<STRING, DECIMAL(30, 2)>>>>,
  looks ROW<millis TIMESTAMP(3), nanos INT>,
  v VARCHAR(5)
) WITH ('bucket.num' = '1');

CREATE TABLE nested_pk (
  PRIMARY KEY (id) NOT ENFORCED
) LIKE nested_log;

CREATE TABLE nested_asks (
  id INT,
  proc AS PROCTIME()
) WITH ('bucket.num' = '1');

DESCRIBE nested_pk;

SET 'execution.runtime-mode' = 'batch';

INSERT INTO nested_log SELECT 1, ARRAY[1, 2, 3], MAP['a', CAST(1 AS BIGINT)],
  ROW('Berlin', TIMESTAMP '2024-05-06 07:08:09.123456789', ARRAY['x', 'yy', CAST(NULL AS STRING)]),
  ARRAY[ROW(1, CASE WHEN TRUE THEN CAST(ARRAY[CAST(MAP['p', 1.5] AS MAP<STRING, DECIMAL(30, 2)>),
                                              CAST(MAP['z', CAST(NULL AS INT), 'q', -2] AS MAP<STRING, DECIMAL(30, 2)>)]
                                        AS ARRAY<MAP<STRING, DECIMAL(30, 2)>>) END),
        ROW(2, CAST(NULL AS ARRAY<MAP<STRING, DECIMAL(30, 2)>>))],
  ROW(TIMESTAMP '1969-12-31 23:59:59.999', 2000000), 'one';
-- NULL in them.
INSERT INTO nested_log SELECT 2, ARRAY[CAST(NULL AS INT)], MAP['only', CAST(NULL AS BIGINT)],
  ROW(CAST(NULL AS STRING), CAST(NULL AS TIMESTAMP(9)), CAST(NULL AS ARRAY<STRING>)),
  ARRAY[CAST(NULL AS ROW<n INT, parts ARRAY<MAP<STRING, DECIMAL(30, 2)>>>)],
  ROW(CAST(NULL AS TIMESTAMP(3)), CAST(NULL AS INT)), 'two';
-- NULL themselves.
INSERT INTO nested_log SELECT 3, CAST(NULL AS ARRAY<INT>), CAST(NULL AS MAP<STRING, BIGINT>),
  CAST(NULL AS ROW<city STRING, seen TIMESTAMP(9), tags ARRAY<STRING>>),
  CAST(NULL AS ARRAY<ROW<n INT, parts ARRAY<MAP<STRING, DECIMAL(30, 2)>>>>),
  CAST(NULL AS ROW<millis TIMESTAMP(3), nanos INT>), CAST(NULL AS STRING);
-- Nothing in them.
INSERT INTO nested_log SELECT 4, ARRAY_REMOVE(ARRAY[1], 1),
  MAP_FROM_ARRAYS(ARRAY_REMOVE(ARRAY['a'], 'a'), ARRAY_REMOVE(ARRAY[CAST(1 AS BIGINT)], CAST(1 AS BIGINT))),
  ROW('', TIMESTAMP '0001-01-01 00:00:00', ARRAY_REMOVE(ARRAY['a'], 'a')),
  ARRAY[ROW(0, ARRAY_SLICE(ARRAY[MAP['a', CAST(0 AS DECIMAL(30, 2))]], 2))],
  ROW(TIMESTAMP '1970-01-01 00:00:00', 0), '';

INSERT INTO nested_pk SELECT * FROM nested_log;

SELECT * FROM nested_log;
SELECT * FROM nested_pk;

-- What is in them.
SELECT id, xs[1], m['a'], r.city, r.seen, CARDINALITY(r.tags), CARDINALITY(deep), deep[1].n, deep[1].parts[2]['q'], looks.nanos FROM nested_log;
SELECT r.tags, id FROM nested_pk WHERE r.city = 'Berlin';
SELECT id, x FROM nested_log CROSS JOIN UNNEST(xs) AS t (x);
SELECT id FROM nested_pk WHERE deep IS NULL;

-- Changed values, and NULL over a value.
INSERT INTO nested_pk SELECT id, CAST(NULL AS ARRAY<INT>), MAP['new', CAST(9 AS BIGINT)], ROW('Rome', r.seen, ARRAY['z']), deep, looks, v FROM nested_pk WHERE id < 3;
SELECT * FROM nested_pk ORDER BY id;

-- Lookup joins: from the store, and from the cache.
INSERT INTO nested_asks VALUES (1), (2), (3), (4), (1), (9);
SELECT a.id, p.m, p.r, p.deep, p.looks FROM nested_asks AS a LEFT JOIN nested_pk FOR SYSTEM_TIME AS OF a.proc AS p ON a.id = p.id;
SELECT a.id, p.xs, p.r, p.deep
FROM nested_asks AS a LEFT JOIN nested_pk
  /*+ OPTIONS('lookup.async' = 'false', 'lookup.cache' = 'PARTIAL', 'lookup.partial-cache.max-rows' = '10') */
  FOR SYSTEM_TIME AS OF a.proc AS p ON a.id = p.id;

-- Keys cannot be nested.
-- error: Primary key
-- error: 'k'
-- error: ARRAY<INT>
CREATE TABLE nested_key (k ARRAY<INT>, PRIMARY KEY (k) NOT ENFORCED);
-- error: 'k'
-- error: ROW<
CREATE TABLE nested_key (k ROW<a INT>, v INT) WITH ('bucket.key' = 'k');
-- error: Column 'c'
-- error: MULTISET<INT>
CREATE TABLE nested_key (id INT, c ARRAY<MULTISET<INT>>);

SET 'execution.runtime-mode' = 'streaming';

-- rows: 6
SELECT * FROM nested_pk /*+ OPTIONS('scan.startup.mode' = 'earliest') */ WHERE id < 3;
-- rows: 4
SELECT * FROM nested_log;
