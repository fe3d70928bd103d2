-- Each flight meets its plane, airline, destination and weather; the result is kept up to date by carrier and day.
INSERT INTO delays
SELECT
  f.carrier,
  TO_DATE(CONCAT_WS('-', CAST(f.`year` AS STRING), CAST(f.`month` AS STRING), CAST(f.`day` AS STRING)), 'yyyy-M-d'),
  MAX(a.name),
  COUNT(*),
  COUNT(*) - COUNT(f.dep_time),
  AVG(CAST(f.dep_delay AS DOUBLE)),
  AVG(CAST(f.arr_delay AS DOUBLE)),
  SUM(CAST(p.seats AS BIGINT)),
  MAX(d.lat),
  COUNT(*) FILTER (WHERE w.wind_speed >= 15)
FROM flights AS f
LEFT JOIN planes FOR SYSTEM_TIME AS OF f.proc AS p ON f.tailnum = p.tailnum
LEFT JOIN airlines FOR SYSTEM_TIME AS OF f.proc AS a ON f.carrier = a.carrier
LEFT JOIN airports FOR SYSTEM_TIME AS OF f.proc AS d ON f.dest = d.faa
LEFT JOIN weather FOR SYSTEM_TIME AS OF f.proc AS w ON f.origin = w.origin AND f.time_hour = w.time_hour
GROUP BY f.carrier, f.`year`, f.`month`, f.`day`;
