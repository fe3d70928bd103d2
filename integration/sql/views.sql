-- Views live in the catalog of the store, under names that no table has.
SET 'execution.runtime-mode' = 'batch';

CREATE TABLE t (id INT, word STRING, amount INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '1');
INSERT INTO t VALUES (1, 'a', 10), (2, 'b', 20), (3, 'a', 30);

CREATE VIEW big (number, what) COMMENT 'more than 15' AS SELECT id, word FROM t WHERE amount > 15;
CREATE VIEW by_word AS SELECT word, SUM(amount) AS total, COLLECT(id) AS ids FROM t GROUP BY word;
CREATE VIEW of_view AS SELECT big.number, by_word.total FROM big JOIN by_word ON big.what = by_word.word;

SELECT * FROM big;
SELECT word, total FROM by_word;
SELECT * FROM of_view;
SHOW TABLES;
SHOW VIEWS;
DESCRIBE big;
DESCRIBE by_word;
-- flink: 2
SHOW CREATE VIEW big;

-- They see what the table has now.
INSERT INTO t VALUES (4, 'c', 40);
ALTER TABLE t ADD extra STRING;
SELECT * FROM big;

-- Another session's catalog has them too.
CREATE CATALOG other_name WITH ('type' = 'fluss', 'data.dir' = '${data.dir}');
-- flink: 2
SHOW VIEWS FROM other_name.fluss;
SELECT * FROM other_name.fluss.big;

ALTER VIEW big AS SELECT id AS number, word AS what FROM t WHERE amount > 25;
SELECT * FROM big;

-- error: already exists
CREATE VIEW t AS SELECT 1 AS n;
-- error: already exists
CREATE VIEW big AS SELECT 1 AS n;
CREATE VIEW IF NOT EXISTS big AS SELECT 1 AS n;
-- error: already exists
CREATE TABLE big (a INT);
-- error: big
-- error: not
INSERT INTO big VALUES (1, 'x');
-- error: big
DROP TABLE big;
-- error: does not exist
DROP VIEW t;
-- error: cannot be the name of a view
CREATE VIEW `__v` AS SELECT 1 AS n;
-- A view is no table of other catalogs.
CREATE TEMPORARY TABLE default_catalog.default_database.big (number INT, what STRING) WITH ('connector' = 'fluss', 'data.dir' = '${data.dir}');
CREATE DATABASE default_catalog.fluss;
CREATE TEMPORARY TABLE default_catalog.fluss.big (number INT, what STRING) WITH ('connector' = 'fluss', 'data.dir' = '${data.dir}');
-- error: is a view
SELECT * FROM default_catalog.fluss.big;

DROP VIEW of_view;
DROP VIEW IF EXISTS of_view;
-- error: of_view
DROP VIEW of_view;
SHOW VIEWS;
SHOW TABLES;
