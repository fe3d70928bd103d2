-- Lookup joins by full key: synchronous and asynchronous, keys in another order, constants, further conditions, caches.

DROP TABLE IF EXISTS prices;
DROP TABLE IF EXISTS asks;

CREATE TABLE prices (
  shop STRING,
  item INT,
  cents BIGINT,
  note STRING,
  PRIMARY KEY (shop, item) NOT ENFORCED
) WITH ('bucket.num' = '3');

CREATE TABLE asks (
  id INT,
  shop STRING,
  item INT,
  most BIGINT,
  proc AS PROCTIME()
) WITH ('bucket.num' = '1');

SET 'execution.runtime-mode' = 'batch';

INSERT INTO prices VALUES
  ('north', 1, 100, 'fresh'), ('north', 2, 200, CAST(NULL AS STRING)), ('south', 1, 110, 'old'), ('south', 3, 330, 'fresh');
INSERT INTO asks VALUES
  (1, 'north', 1, 150), (2, 'north', 2, 150), (3, 'south', 1, 150), (4, 'south', 2, 150), (5, 'west', 1, 150),
  (6, CAST(NULL AS STRING), 1, 150), (7, 'south', CAST(NULL AS INT), 150), (8, 'north', 1, CAST(NULL AS BIGINT));

-- Asynchronous is the default.
SELECT a.id, p.cents, p.note
FROM asks AS a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.item = p.item AND a.shop = p.shop;

SELECT a.id, p.cents, p.note
FROM asks AS a LEFT JOIN prices /*+ OPTIONS('lookup.async' = 'false') */ FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item;

-- Inner: rows without a price go.
SELECT a.id, p.shop, p.item, p.cents
FROM asks AS a JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item;

-- A constant is part of the key.
SELECT a.id, p.note
FROM asks AS a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON p.shop = 'south' AND a.item = p.item;

-- A third condition filters what was found.
SELECT a.id, p.cents
FROM asks AS a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item AND p.cents <= a.most;

-- An equality beyond the key filters too.
SELECT a.id, p.cents
FROM asks AS a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item AND p.note = 'fresh';

SELECT a.id, p.cents
FROM asks AS a LEFT JOIN prices /*+ OPTIONS('lookup.async' = 'false') */ FOR SYSTEM_TIME AS OF a.proc AS p
  ON a.shop = p.shop AND a.item = p.item AND p.note = 'fresh';

-- Only key columns are asked for.
SELECT a.id, p.item
FROM asks AS a JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item;

-- A cache answers the same.
SELECT a.id, p.cents, p.note
FROM asks AS a LEFT JOIN prices /*+ OPTIONS('lookup.cache' = 'PARTIAL', 'lookup.partial-cache.max-rows' = '100') */
  FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item;

SELECT a.id, p.cents, p.note
FROM asks AS a LEFT JOIN prices /*+ OPTIONS('lookup.cache' = 'PARTIAL', 'lookup.partial-cache.expire-after-write' = '1 min', 'lookup.async' = 'false') */
  FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item;

-- A part of the key is not enough.
-- error: item
SELECT a.id, p.cents
FROM asks AS a JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop;

-- The same in a streaming job.
SET 'execution.runtime-mode' = 'streaming';
-- rows: 8
SELECT a.id, p.cents
FROM asks AS a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item;
