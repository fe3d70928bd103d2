-- Lookup joins with 'lookup.cache' = 'FULL': a copy of the table in native memory answers as the table does.

DROP TABLE IF EXISTS prices;
DROP TABLE IF EXISTS visits;
DROP TABLE IF EXISTS asks;

CREATE TABLE prices (
  shop STRING,
  item INT,
  cents BIGINT,
  note STRING,
  tags ARRAY<STRING>,
  PRIMARY KEY (shop, item) NOT ENFORCED
) WITH ('bucket.key' = 'shop', 'bucket.num' = '3', 'lookup.cache' = 'FULL');

CREATE TABLE visits (
  place STRING,
  customer STRING,
  cents BIGINT,
  PRIMARY KEY (place, customer) NOT ENFORCED
) PARTITIONED BY (place) WITH ('bucket.num' = '2', 'lookup.cache' = 'FULL');

CREATE TABLE asks (
  id INT,
  shop STRING,
  item INT,
  most BIGINT,
  proc AS PROCTIME()
) WITH ('bucket.num' = '1');

SET 'execution.runtime-mode' = 'batch';

INSERT INTO prices VALUES
  ('north', 1, 100, 'fresh', ARRAY['a', 'b']), ('north', 2, 200, CAST(NULL AS STRING), CAST(NULL AS ARRAY<STRING>)),
  ('south', 1, 110, 'old', ARRAY['c']), ('south', 3, 330, 'fresh', ARRAY[CAST(NULL AS STRING)]);
INSERT INTO visits VALUES ('north', 'ann', 1), ('north', 'bob', 2), ('south', 'ann', 3);
INSERT INTO asks VALUES
  (1, 'north', 1, 150), (2, 'north', 2, 150), (3, 'south', 1, 150), (4, 'south', 2, 150), (5, 'west', 1, 150),
  (6, CAST(NULL AS STRING), 1, 150), (7, 'south', CAST(NULL AS INT), 150), (8, 'north', 1, CAST(NULL AS BIGINT));

-- By the whole key; keys that are missing, and NULL, which equals nothing.
SELECT a.id, p.cents, p.note, p.tags
FROM asks AS a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.item = p.item AND a.shop = p.shop;

SELECT a.id, p.shop, p.item
FROM asks AS a JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item;

-- A constant is part of the key.
SELECT a.id, p.note
FROM asks AS a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON p.shop = 'south' AND a.item = p.item;

-- Further conditions.
SELECT a.id, p.cents
FROM asks AS a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item AND p.cents <= a.most;

SELECT a.id, p.cents
FROM asks AS a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item AND p.note = 'fresh';

SELECT a.id, p.cents
FROM asks AS a JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item AND a.most = p.cents + 50;

-- By the beginning of the key.
SELECT a.id, p.item, p.cents
FROM asks AS a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop;

SELECT a.id, p.item
FROM asks AS a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND p.cents >= 200;

-- In partitions; one that is missing has no rows.
SELECT a.id, v.cents
FROM asks AS a LEFT JOIN visits FOR SYSTEM_TIME AS OF a.proc AS v ON a.shop = v.place AND v.customer = 'ann';

-- A part of the key is not enough.
-- error: shop
SELECT a.id, p.cents
FROM asks AS a JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.item = p.item;

-- error: not with 'lookup.cache' = 'FULL'
SELECT a.id, p.cents
FROM asks AS a JOIN prices /*+ OPTIONS('lookup.insert-if-not-exists' = 'true') */ FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item;

-- What has changed is found.
INSERT INTO prices VALUES ('north', 1, 101, 'new', CAST(NULL AS ARRAY<STRING>)), ('south', 2, 220, 'new', CAST(NULL AS ARRAY<STRING>));
DELETE FROM prices WHERE shop = 'south' AND item = 1;
INSERT INTO visits VALUES ('west', 'ann', 4);

-- The same in a streaming job.
SET 'execution.runtime-mode' = 'streaming';
-- rows: 8
SELECT a.id, p.cents, p.note
FROM asks AS a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item;

-- rows: 8
SELECT a.id, v.cents
FROM asks AS a LEFT JOIN visits FOR SYSTEM_TIME AS OF a.proc AS v ON a.shop = v.place AND v.customer = 'ann';

DROP TABLE prices;
DROP TABLE visits;
DROP TABLE asks;
