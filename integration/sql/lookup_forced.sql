-- Every kind of lookup join with each function that can answer it, chosen by Flink's LOOKUP hint; waiting for the table; retries.

DROP TABLE IF EXISTS prices;
DROP TABLE IF EXISTS days;
DROP TABLE IF EXISTS asks;

CREATE TABLE prices (
  shop STRING,
  item INT,
  cents BIGINT,
  note STRING,
  PRIMARY KEY (shop, item) NOT ENFORCED
) WITH ('bucket.key' = 'shop', 'bucket.num' = '2');

CREATE TABLE days (
  d STRING,
  item INT,
  cents BIGINT,
  PRIMARY KEY (d, item) NOT ENFORCED
) PARTITIONED BY (d) WITH ('bucket.num' = '1');

CREATE TABLE asks (
  id INT,
  shop STRING,
  item INT,
  d STRING,
  proc AS PROCTIME()
) WITH ('bucket.num' = '1');

SET 'execution.runtime-mode' = 'batch';

INSERT INTO prices VALUES ('north', 1, 100, 'fresh'), ('north', 2, 200, 'old'), ('south', 1, 110, 'old');
INSERT INTO days VALUES ('mon', 1, 10), ('mon', 2, 20), ('tue', 1, 11);
INSERT INTO asks VALUES
  (1, 'north', 1, 'mon'), (2, 'south', 1, 'tue'), (3, 'west', 1, 'sun'), (4, CAST(NULL AS STRING), 1, CAST(NULL AS STRING)),
  (5, 'north', CAST(NULL AS INT), 'mon');

-- By the whole key, and a condition beyond it.
-- flink: 2
SELECT /*+ LOOKUP('table'='p', 'async'='true') */ a.id, p.cents
FROM asks AS a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item AND p.note <> 'old';
-- flink: 2
SELECT /*+ LOOKUP('table'='p', 'async'='false') */ a.id, p.cents
FROM asks AS a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item AND p.note <> 'old';

-- With a constant in the key.
-- flink: 2
SELECT /*+ LOOKUP('table'='p', 'async'='true') */ a.id, p.cents
FROM asks AS a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND p.item = 1;
-- flink: 2
SELECT /*+ LOOKUP('table'='p', 'async'='false') */ a.id, p.cents
FROM asks AS a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND p.item = 1;

-- By the beginning of the key.
-- flink: 2
SELECT /*+ LOOKUP('table'='p', 'async'='true') */ a.id, p.item, p.cents
FROM asks AS a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop;
-- flink: 2
SELECT /*+ LOOKUP('table'='p', 'async'='false') */ a.id, p.item, p.cents
FROM asks AS a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop;

-- In partitions, one of which is missing.
-- flink: 2
SELECT /*+ LOOKUP('table'='p', 'async'='true') */ a.id, p.cents
FROM asks AS a LEFT JOIN days FOR SYSTEM_TIME AS OF a.proc AS p ON a.d = p.d AND a.item = p.item;
-- flink: 2
SELECT /*+ LOOKUP('table'='p', 'async'='false') */ a.id, p.cents
FROM asks AS a LEFT JOIN days FOR SYSTEM_TIME AS OF a.proc AS p ON a.d = p.d AND a.item = p.item;

-- Each with a cache, which also keeps what is missing, or does not.
-- flink: 2
SELECT /*+ LOOKUP('table'='p', 'async'='true') */ a.id, p.item, p.cents
FROM asks AS a LEFT JOIN prices /*+ OPTIONS('lookup.cache' = 'PARTIAL', 'lookup.partial-cache.max-rows' = '2') */
  FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop;
-- flink: 2
SELECT /*+ LOOKUP('table'='p', 'async'='false') */ a.id, p.cents
FROM asks AS a LEFT JOIN days /*+ OPTIONS('lookup.cache' = 'PARTIAL', 'lookup.partial-cache.max-rows' = '2', 'lookup.partial-cache.cache-missing-key' = 'false') */
  FOR SYSTEM_TIME AS OF a.proc AS p ON a.d = p.d AND a.item = p.item;

-- Batches that wait for others, a short queue, few retries: the answers are the same.
SELECT a.id, p.cents
FROM asks AS a LEFT JOIN prices /*+ OPTIONS('client.lookup.batch-timeout' = '5 ms', 'client.lookup.max-batch-size' = '2',
  'client.lookup.queue-size' = '1', 'client.lookup.max-inflight-requests' = '1', 'lookup.max-retries' = '0') */
  FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item;

-- What the table has reached already is not waited for.
SELECT a.id, p.cents
FROM asks AS a JOIN prices /*+ OPTIONS('lookup.wait-for.timestamp' = '2020-01-01 00:00:00') */
  FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item;
SELECT a.id, p.cents
FROM asks AS a JOIN days /*+ OPTIONS('lookup.wait-for.specific-offsets' = 'partition:mon,bucket:0,offset:2;partition:tue,bucket:0,offset:1') */
  FOR SYSTEM_TIME AS OF a.proc AS p ON a.d = p.d AND a.item = p.item;

-- error: bucket 0 of partition tue (at offset 1 of 2); bucket 0 of partition wed (the partition is not made)
SELECT a.id, p.cents
FROM asks AS a JOIN days /*+ OPTIONS('lookup.wait-for.specific-offsets' = 'partition:mon,bucket:0,offset:2;partition:tue,bucket:0,offset:2;partition:wed,bucket:0,offset:1',
  'lookup.wait-for.timeout' = '300 ms') */
  FOR SYSTEM_TIME AS OF a.proc AS p ON a.d = p.d AND a.item = p.item;

-- error: 'lookup.wait-for.timestamp' and 'lookup.wait-for.specific-offsets' are both given
SELECT a.id, p.cents
FROM asks AS a JOIN prices /*+ OPTIONS('lookup.wait-for.timestamp' = '0', 'lookup.wait-for.specific-offsets' = 'bucket:0,offset:0') */
  FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item;

-- Flink asks again for keys that are missing, and gives up; in a streaming job.
SET 'execution.runtime-mode' = 'streaming';
-- rows: 5
SELECT /*+ LOOKUP('table'='p', 'async'='true', 'output-mode'='allow_unordered', 'retry-predicate'='lookup_miss', 'retry-strategy'='fixed_delay', 'fixed-delay'='10 ms', 'max-attempts'='3') */ a.id, p.cents
FROM asks AS a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item;
-- rows: 5
SELECT /*+ LOOKUP('table'='p', 'async'='false', 'retry-predicate'='lookup_miss', 'retry-strategy'='fixed_delay', 'fixed-delay'='10 ms', 'max-attempts'='3') */ a.id, p.cents
FROM asks AS a LEFT JOIN prices FOR SYSTEM_TIME AS OF a.proc AS p ON a.shop = p.shop AND a.item = p.item;

DROP TABLE prices;
DROP TABLE days;
DROP TABLE asks;
