SELECT
  CAST(carrier AS CHAR(2)) AS carrier,
  CAST(MAX(airline) AS VARCHAR(27)) AS airline,
  CAST(SUM(flights) AS INT) AS flights,
  CAST(SUM(cancelled) AS INT) AS cancelled,
  CAST(SUM(dep_delay * (flights - cancelled)) / SUM(flights - cancelled) AS DECIMAL(6, 1)) AS `late (min)`,
  CAST(MAX(dep_delay) AS DECIMAL(6, 1)) AS `worst day (min)`,
  CAST(100.0 * SUM(windy) / SUM(flights) AS DECIMAL(4, 1)) AS `windy %`
FROM delays
GROUP BY carrier
ORDER BY flights DESC;
