-- Materialized tables, each kept fresh by a streaming job.
CREATE TABLE orders (id INT, customer STRING, amount INT, PRIMARY KEY (id) NOT ENFORCED) WITH ('bucket.num' = '2');
-- error: SET 'table.dml-sync' = 'false'
CREATE MATERIALIZED TABLE big FRESHNESS = INTERVAL '1' SECOND AS SELECT id, amount FROM orders WHERE amount > 15;
SHOW TABLES;

SET 'table.dml-sync' = 'false';
CREATE MATERIALIZED TABLE spent (PRIMARY KEY (customer) NOT ENFORCED) COMMENT 'by customer' WITH ('bucket.num' = '1')
FRESHNESS = INTERVAL '1' SECOND
AS SELECT COALESCE(customer, '?') AS customer, SUM(amount) AS total, COUNT(*) AS orders FROM orders GROUP BY COALESCE(customer, '?');
-- flink: 2
SHOW MATERIALIZED TABLES;
SHOW TABLES;
DESCRIBE spent;
-- flink: 2
SHOW CREATE MATERIALIZED TABLE spent;
INSERT INTO orders VALUES (1, 'ann', 10), (2, 'bob', 20);
-- rows: 2
SELECT * FROM spent;

-- Stopped with a savepoint, and from there on again.
ALTER MATERIALIZED TABLE spent SUSPEND;
-- error: has been suspended
ALTER MATERIALIZED TABLE spent SUSPEND;
INSERT INTO orders VALUES (3, 'cat', 30);
ALTER MATERIALIZED TABLE spent RESUME;
-- error: has been resumed
ALTER MATERIALIZED TABLE spent RESUME;
-- rows: 3
SELECT * FROM spent;

-- Another query, whose new columns come at the end; its job begins anew.
-- flink: 2
ALTER MATERIALIZED TABLE spent
AS SELECT COALESCE(customer, '?') AS customer, SUM(amount) AS total, COUNT(*) AS orders, MAX(amount) AS dearest FROM orders GROUP BY COALESCE(customer, '?');
-- flink: 2
DESCRIBE spent;
INSERT INTO orders VALUES (4, 'dan', 40);
-- flink: 2
-- rows: 1
SELECT * FROM spent WHERE customer = 'dan';

-- Another one reads it; without a primary key it is a log of what a query without updates gives.
CREATE TABLE clicks (url STRING, n INT);
CREATE MATERIALIZED TABLE home (PRIMARY KEY (customer) NOT ENFORCED) FRESHNESS = INTERVAL '1' SECOND REFRESH_MODE = CONTINUOUS AS SELECT customer, total FROM spent;
CREATE MATERIALIZED TABLE many FRESHNESS = INTERVAL '1' SECOND AS SELECT * FROM clicks WHERE n > 1;
INSERT INTO clicks VALUES ('a', 1), ('b', 2);
-- rows: 1
SELECT * FROM many;
-- rows: 1
SELECT * FROM home WHERE customer = 'bob';

-- error: workflow scheduler
CREATE MATERIALIZED TABLE whole FRESHNESS = INTERVAL '1' HOUR REFRESH_MODE = FULL AS SELECT id, amount FROM orders;
-- flink: 2
-- error: ALTER TABLE for a materialized table is not allowed
ALTER TABLE spent RENAME TO other;
-- error: does not exist
DROP TABLE spent;
-- error: not a materialized table
ALTER MATERIALIZED TABLE orders SUSPEND;
-- error: already exists
CREATE MATERIALIZED TABLE orders FRESHNESS = INTERVAL '1' SECOND AS SELECT * FROM clicks;

DROP MATERIALIZED TABLE home;
DROP MATERIALIZED TABLE many;
ALTER MATERIALIZED TABLE spent SUSPEND;
-- A batch job overwrites it with what the query gives now.
INSERT INTO orders VALUES (5, 'eve', 50);
ALTER MATERIALIZED TABLE spent REFRESH;
-- rows: 1
SELECT customer, total FROM spent WHERE customer = 'eve';
DROP MATERIALIZED TABLE spent;
DROP MATERIALIZED TABLE IF EXISTS spent;
SHOW TABLES;
