-- ALTER TABLE: columns by id, so that rows from before and after are one table; options, computed columns and watermarks.
SET 'execution.runtime-mode' = 'batch';

CREATE TABLE t (
  id INT,
  name STRING,
  amount INT COMMENT 'in cents',
  twice AS amount * 2,
  PRIMARY KEY (id) NOT ENFORCED
) COMMENT 'accounts' WITH ('bucket.num' = '1', 'table.log.ttl' = '1 d');
CREATE TABLE log (id INT NOT NULL, seen TIMESTAMP(3), r ROW<x INT, y INT>) WITH ('bucket.num' = '1');

INSERT INTO t VALUES (1, 'one', 100), (2, 'two', 200);
INSERT INTO log VALUES (1, TIMESTAMP '2024-01-01 00:00:00', ROW(1, 10));

-- Added at the end, in the first place, behind a column; several in one statement; every type.
ALTER TABLE t ADD tags ARRAY<STRING> COMMENT 'what it is about';
ALTER TABLE t ADD (since DATE FIRST, email STRING AFTER name, m MAP<STRING, INT>);
INSERT INTO t (since, id, name, email, amount, tags, m)
  VALUES (DATE '2024-02-29', 3, 'three', 'x@y', 300, ARRAY['a', 'b'], MAP['k', 1]);
DESCRIBE t;
SELECT * FROM t;

-- The old rows are updated in the new schema.
UPDATE t SET email = 'one@y', since = DATE '2023-01-01' WHERE id = 1;
SELECT id, since, email FROM t;

-- Renamed: the key too, with what is declared of it.
ALTER TABLE t RENAME name TO title;
ALTER TABLE t RENAME id TO account;
SELECT account, title FROM t;

-- Widened, moved, described.
ALTER TABLE t DROP twice;
ALTER TABLE t MODIFY (amount BIGINT COMMENT 'in cents, wide' FIRST, title STRING AFTER m);
DESCRIBE t;
INSERT INTO t (amount, since, account, title, email, tags, m)
  VALUES (5000000000, CAST(NULL AS DATE), 4, 'four', CAST(NULL AS STRING), CAST(NULL AS ARRAY<STRING>), CAST(NULL AS MAP<STRING, INT>));
SELECT * FROM t;
ALTER TABLE t MODIFY amount BIGINT COMMENT 'cents' AFTER account;
DESCRIBE t;

-- Dropped; a column that comes back under the name is another one.
ALTER TABLE t DROP (tags, m, email);
ALTER TABLE t ADD email STRING;
SELECT * FROM t;

-- Computed columns and watermarks are of the declaration only.
ALTER TABLE t ADD (half AS amount / 2 AFTER amount);
ALTER TABLE t MODIFY half AS amount / 3;
SELECT account, half FROM t;
ALTER TABLE log ADD WATERMARK FOR seen AS seen - INTERVAL '1' SECOND;
ALTER TABLE log MODIFY WATERMARK FOR seen AS seen - INTERVAL '2' SECOND;
DESCRIBE log;
ALTER TABLE log DROP WATERMARK;

-- Within ROW, ARRAY, MAP: fields are added, widened, moved and dropped.
ALTER TABLE log MODIFY r ROW<z STRING, x BIGINT 'wide', y INT>;
INSERT INTO log VALUES (2, TIMESTAMP '2024-01-02 00:00:00', ROW('z', 5000000000, 20));
SELECT * FROM log;
ALTER TABLE log MODIFY r ROW<z STRING, x BIGINT 'wide'>;
ALTER TABLE log ADD list ARRAY<ROW<a INT>>;
ALTER TABLE log MODIFY list ARRAY<ROW<a BIGINT, b STRING>>;
ALTER TABLE log MODIFY id BIGINT;
INSERT INTO log VALUES (CAST(NULL AS BIGINT), CAST(NULL AS TIMESTAMP), ROW('z', 1), ARRAY[ROW(CAST(1 AS BIGINT), 'b')]);
SELECT * FROM log;
DESCRIBE log;

-- Options: of the table, and of its scans and sinks.
ALTER TABLE t SET ('table.log.ttl' = '3 d', 'scan.startup.mode' = 'full', 'sink.parallelism' = '1');
SHOW CREATE TABLE t;
ALTER TABLE t RESET ('table.log.ttl', 'scan.startup.mode', 'sink.parallelism');
SHOW CREATE TABLE t;

-- IF EXISTS.
ALTER TABLE IF EXISTS no_such_table ADD a INT;
ALTER TABLE IF EXISTS no_such_table SET ('table.log.ttl' = '1 d');
-- error: no_such_table
-- error: exist
ALTER TABLE no_such_table ADD a INT;

-- What would need stored rows to be rewritten, and what stands for good.
-- error: 'never' cannot be added as NOT NULL
ALTER TABLE t ADD never INT NOT NULL;
-- error: BIGINT and cannot become INT
ALTER TABLE t MODIFY amount INT;
-- error: part of a key
ALTER TABLE t MODIFY account BIGINT;
-- error: `account` is used as the primary key
ALTER TABLE t DROP (account);
-- error: 'title'
-- error: cannot become a computed one
ALTER TABLE t MODIFY title AS CAST(amount AS STRING);
-- error: primary key
ALTER TABLE t DROP PRIMARY KEY;
-- error: primary key
ALTER TABLE log ADD PRIMARY KEY (id) NOT ENFORCED;
-- error: [x]
-- error: [w]
-- error: two statements
ALTER TABLE log MODIFY r ROW<z STRING, w BIGINT>;
-- error: MULTISET
ALTER TABLE t ADD s MULTISET<STRING>;
-- error: reserved
ALTER TABLE t ADD `__offset` BIGINT;
-- error: 'bucket.num'
-- error: Make a new table
ALTER TABLE t SET ('bucket.num' = '4');
-- error: 'table.merge-engine'
-- error: Make a new table
ALTER TABLE t SET ('table.merge-engine' = 'first_row');
-- error: CREATE CATALOG
ALTER TABLE t SET ('memory.size' = '1 gb');
-- error: Did you mean 'table.log.ttl'
ALTER TABLE t SET ('table.log.tll' = '1 d');
-- error: Did you mean 'table.log.ttl'
ALTER TABLE t RESET ('table.log.tll');
-- error: 'table.log.ttl' = 'long'
ALTER TABLE t SET ('table.log.ttl' = 'long');

-- Nothing of that was done.
DESCRIBE t;
SELECT * FROM t;
