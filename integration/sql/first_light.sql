-- One primary-key table, one log table: through INSERT, SELECT, UPDATE, DELETE and a lookup join.

SHOW CURRENT DATABASE;

DROP TABLE IF EXISTS customers;
DROP TABLE IF EXISTS orders;

CREATE TABLE customers (
  id INT,
  name STRING,
  city STRING,
  PRIMARY KEY (id) NOT ENFORCED
) WITH ('bucket.num' = '2');

CREATE TABLE orders (
  order_id BIGINT,
  customer INT,
  amount DECIMAL(10, 2),
  proc AS PROCTIME()
) WITH ('bucket.num' = '2');

SHOW TABLES;
DESCRIBE customers;
DESCRIBE orders;

SET 'execution.runtime-mode' = 'batch';

-- Empty tables are read to their end too.
SELECT * FROM customers;
SELECT COUNT(*) FROM orders;

INSERT INTO customers VALUES (1, 'Ada', 'London'), (2, 'Grace', 'New York'), (3, 'Edsger', CAST(NULL AS STRING)), (4, 'Barbara', 'Boston');
INSERT INTO orders VALUES (101, 1, 10.00), (102, 2, 20.50), (103, 1, 0.99), (104, 9, 7.00), (105, CAST(NULL AS INT), 1.00);

SELECT * FROM customers ORDER BY id;
SELECT order_id, customer, amount FROM orders;
SELECT COUNT(*) FROM orders;
SELECT city FROM customers WHERE id > 1;
SELECT name, id FROM customers;

-- An upsert replaces the row.
INSERT INTO customers VALUES (2, 'Grace', 'Arlington'), (5, 'Donald', 'Stanford');
INSERT INTO customers VALUES (5, 'Donald', 'Milwaukee');
SELECT * FROM customers ORDER BY id;

UPDATE customers SET city = 'Rotterdam' WHERE name = 'Edsger';
DELETE FROM customers WHERE id = 4;
DELETE FROM customers WHERE name LIKE 'Don%' AND id > 1;
SELECT * FROM customers ORDER BY id;

SELECT customer, SUM(amount) AS total, COUNT(*) AS n FROM orders GROUP BY customer;

-- A lookup join asks for the row of each order while it passes; LEFT keeps the orders without a customer.
SELECT o.order_id, o.amount, c.name, c.city
FROM orders AS o LEFT JOIN customers FOR SYSTEM_TIME AS OF o.proc AS c ON o.customer = c.id;

SELECT o.order_id, c.name
FROM orders AS o JOIN customers FOR SYSTEM_TIME AS OF o.proc AS c ON o.customer = c.id
WHERE o.order_id < 104;
