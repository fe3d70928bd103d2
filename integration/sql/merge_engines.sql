-- Merge engines, changelog images and what becomes of deletes.

DROP TABLE IF EXISTS first_seen;
DROP TABLE IF EXISTS latest_version;
DROP TABLE IF EXISTS totals;
DROP TABLE IF EXISTS wal;
DROP TABLE IF EXISTS kept;

CREATE TABLE first_seen (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED)
WITH ('bucket.num' = '1', 'table.merge-engine' = 'first_row');

CREATE TABLE latest_version (id INT, name STRING, version BIGINT, PRIMARY KEY (id) NOT ENFORCED)
WITH ('bucket.num' = '1', 'table.merge-engine' = 'versioned', 'table.merge-engine.versioned.ver-column' = 'version');

CREATE TABLE totals (
  id INT, pieces INT, price DECIMAL(10, 2), names STRING, highest DOUBLE, ok BOOLEAN, note STRING, PRIMARY KEY (id) NOT ENFORCED
) WITH (
  'bucket.num' = '1', 'table.merge-engine' = 'aggregation', 'fields.pieces.agg' = 'sum', 'fields.price.agg' = 'sum',
  'fields.names.agg' = 'listagg', 'fields.names.listagg.delimiter' = '; ', 'fields.highest.agg' = 'max', 'fields.ok.agg' = 'bool_and'
);

CREATE TABLE wal (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED)
WITH ('bucket.num' = '1', 'table.changelog.image' = 'WAL');

CREATE TABLE kept (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED)
WITH ('bucket.num' = '1', 'table.delete.behavior' = 'DISABLE');

SET 'execution.runtime-mode' = 'batch';

INSERT INTO first_seen VALUES (1, 'a');
INSERT INTO first_seen VALUES (1, 'b');
INSERT INTO first_seen VALUES (2, 'c');
SELECT * FROM first_seen ORDER BY id;

INSERT INTO latest_version VALUES (1, 'old', 5);
INSERT INTO latest_version VALUES (1, 'older', 4);
INSERT INTO latest_version VALUES (1, 'as old', 5);
INSERT INTO latest_version VALUES (1, 'of no version', CAST(NULL AS BIGINT));
SELECT * FROM latest_version;

INSERT INTO totals VALUES (1, 2, 1.25, 'bolt', 3.0, TRUE, 'first');
INSERT INTO totals VALUES (1, 3, 0.75, 'nut', 2.0, CAST(NULL AS BOOLEAN), CAST(NULL AS STRING));
INSERT INTO totals VALUES (1, CAST(NULL AS INT), 8, CAST(NULL AS STRING), 7.5, FALSE, 'last');
SELECT * FROM totals;

INSERT INTO wal VALUES (1, 'a');
INSERT INTO wal VALUES (1, 'b');
INSERT INTO wal VALUES (2, 'c');
DELETE FROM wal WHERE id = 2;
SELECT * FROM wal;

INSERT INTO kept VALUES (1, 'a');
UPDATE kept SET name = 'b' WHERE id = 1;
SELECT * FROM kept;

-- error: uses the 'FIRST_ROW' merge engine which does not support DELETE or UPDATE statements
DELETE FROM first_seen WHERE id = 1;
-- error: uses the 'AGGREGATION' merge engine which does not support DELETE or UPDATE statements
UPDATE totals SET pieces = 0 WHERE id = 1;
-- error: has delete behavior set to 'disable' which does not support DELETE statements
DELETE FROM kept WHERE id = 1;

-- error: the 'table.delete.behavior' config must be set to 'ignore' or 'disable', but got 'allow'
CREATE TABLE wrong (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('table.merge-engine' = 'first_row', 'table.delete.behavior' = 'ALLOW');
-- error: the function does not take STRING
CREATE TABLE wrong (id INT, name STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ('table.merge-engine' = 'aggregation', 'fields.name.agg' = 'sum');
-- error: does not support 'table.changelog.image' = 'WAL'
CREATE TABLE wrong (id INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('table.merge-engine' = 'aggregation', 'table.changelog.image' = 'WAL');
-- error: only supported for primary key tables
CREATE TABLE wrong (id INT) WITH ('table.changelog.image' = 'WAL');

SET 'execution.runtime-mode' = 'streaming';

-- Insert-only: an append-only sink takes it.
-- rows: 2
SELECT * FROM first_seen /*+ OPTIONS('scan.startup.mode' = 'earliest') */;

-- rows: 5
-- ordered
SELECT * FROM totals /*+ OPTIONS('scan.startup.mode' = 'earliest') */;

-- The planner finds the rows before the changes.
-- rows: 5
-- ordered
SELECT * FROM wal /*+ OPTIONS('scan.startup.mode' = 'earliest') */;

-- rows: 3
-- ordered
SELECT * FROM kept /*+ OPTIONS('scan.startup.mode' = 'earliest') */;
