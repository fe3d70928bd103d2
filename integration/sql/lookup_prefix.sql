-- Lookup joins by the beginning of the primary key, and lookups that make the rows they do not find.

DROP TABLE IF EXISTS orders;
DROP TABLE IF EXISTS visits;
DROP TABLE IF EXISTS asks;
DROP TABLE IF EXISTS ids;
DROP TABLE IF EXISTS strict;

CREATE TABLE orders (
  customer STRING,
  number INT,
  cents BIGINT,
  PRIMARY KEY (customer, number) NOT ENFORCED
) WITH ('bucket.key' = 'customer', 'bucket.num' = '3');

CREATE TABLE visits (
  place STRING,
  customer STRING,
  number INT,
  cents BIGINT,
  PRIMARY KEY (place, customer, number) NOT ENFORCED
) PARTITIONED BY (place) WITH ('bucket.key' = 'customer', 'bucket.num' = '2');

CREATE TABLE asks (
  id INT,
  place STRING,
  customer STRING,
  number INT,
  proc AS PROCTIME()
) WITH ('bucket.num' = '1');

SET 'execution.runtime-mode' = 'batch';

INSERT INTO orders VALUES ('ann', 1, 100), ('ann', 2, 200), ('ann', 3, CAST(NULL AS BIGINT)), ('bob', 1, 110), ('an', 1, 5);
INSERT INTO visits VALUES ('north', 'ann', 1, 100), ('north', 'ann', 2, 200), ('south', 'ann', 1, 7), ('north', 'bob', 1, 110);
INSERT INTO asks VALUES
  (1, 'north', 'ann', 1), (2, 'south', 'ann', 2), (3, 'west', 'bob', 1), (4, 'north', 'eve', 1), (5, 'north', CAST(NULL AS STRING), 1),
  (6, CAST(NULL AS STRING), 'ann', 1);

-- All orders of a customer.
SELECT a.id, o.number, o.cents
FROM asks AS a LEFT JOIN orders FOR SYSTEM_TIME AS OF a.proc AS o ON a.customer = o.customer;

SELECT a.id, o.number, o.cents
FROM asks AS a LEFT JOIN orders /*+ OPTIONS('lookup.async' = 'false') */ FOR SYSTEM_TIME AS OF a.proc AS o ON a.customer = o.customer;

SELECT a.id, o.number, o.cents
FROM asks AS a LEFT JOIN orders /*+ OPTIONS('lookup.cache' = 'PARTIAL', 'lookup.partial-cache.max-rows' = '100') */
  FOR SYSTEM_TIME AS OF a.proc AS o ON a.customer = o.customer;

-- Further conditions are of the rows that were found.
SELECT a.id, o.number
FROM asks AS a LEFT JOIN orders FOR SYSTEM_TIME AS OF a.proc AS o ON a.customer = o.customer AND o.cents >= 200;

SELECT a.id, o.number
FROM asks AS a LEFT JOIN orders FOR SYSTEM_TIME AS OF a.proc AS o ON a.customer = o.customer AND o.cents = 200;

-- The whole key is a lookup of one row.
SELECT a.id, o.cents
FROM asks AS a JOIN orders FOR SYSTEM_TIME AS OF a.proc AS o ON a.customer = o.customer AND a.number = o.number;

-- A constant.
SELECT a.id, o.number
FROM asks AS a JOIN orders FOR SYSTEM_TIME AS OF a.proc AS o ON o.customer = 'ann' WHERE a.id < 3;

-- With partitions, their keys belong to it; a partition that is missing has no rows.
SELECT a.id, v.place, v.number, v.cents
FROM asks AS a LEFT JOIN visits FOR SYSTEM_TIME AS OF a.proc AS v ON a.customer = v.customer AND a.place = v.place;

-- error: Can't find expected key 'place' in lookup keys [customer]
SELECT a.id, v.number
FROM asks AS a JOIN visits FOR SYSTEM_TIME AS OF a.proc AS v ON a.customer = v.customer;

-- error: Can't find expected key 'customer' in lookup keys [number]
SELECT a.id, o.cents
FROM asks AS a JOIN orders FOR SYSTEM_TIME AS OF a.proc AS o ON a.number = o.number;

-- Names get numbers as they are first asked for.
CREATE TABLE ids (
  name STRING,
  id BIGINT,
  note STRING,
  PRIMARY KEY (name) NOT ENFORCED
) WITH ('bucket.num' = '1', 'auto-increment.fields' = 'id', 'lookup.insert-if-not-exists' = 'true');

SELECT COUNT(*), COUNT(DISTINCT i.id), MIN(i.id)
FROM asks AS a JOIN ids FOR SYSTEM_TIME AS OF a.proc AS i ON a.customer = i.name;

-- The same again: nothing new.
SELECT COUNT(*), COUNT(DISTINCT i.id), MIN(i.id)
FROM asks AS a JOIN ids /*+ OPTIONS('lookup.async' = 'false') */ FOR SYSTEM_TIME AS OF a.proc AS i ON a.customer = i.name;

SELECT name, note, id BETWEEN 1 AND 3 AS numbered FROM ids;

-- error: the join keys are only [customer] of the primary key [customer, number]; join on all of it
SELECT a.id, o.number
FROM asks AS a JOIN orders /*+ OPTIONS('lookup.insert-if-not-exists' = 'true') */ FOR SYSTEM_TIME AS OF a.proc AS o ON a.customer = o.customer;

CREATE TABLE strict (name STRING, v INT NOT NULL, PRIMARY KEY (name) NOT ENFORCED);
-- error: column 'v' would be NULL and is NOT NULL; join without the option
SELECT a.id, s.v
FROM asks AS a JOIN strict /*+ OPTIONS('lookup.insert-if-not-exists' = 'true') */ FOR SYSTEM_TIME AS OF a.proc AS s ON a.customer = s.name;

DROP TABLE orders;
DROP TABLE visits;
DROP TABLE asks;
DROP TABLE ids;
DROP TABLE strict;
