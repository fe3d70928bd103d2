-- The compressed CSV files, read by Flink's filesystem connector. ${flights} is their folder.
CREATE TEMPORARY TABLE csv_airlines (carrier STRING, name STRING)
WITH ('connector' = 'filesystem', 'path' = '${flights}/airlines.csv.bz2', 'format' = 'csv', 'csv.null-literal' = '');

CREATE TEMPORARY TABLE csv_airports (
  faa STRING, name STRING, lat DOUBLE, lon DOUBLE, alt INT, tz INT, dst STRING, tzone STRING
) WITH ('connector' = 'filesystem', 'path' = '${flights}/airports.csv.bz2', 'format' = 'csv', 'csv.null-literal' = '');

CREATE TEMPORARY TABLE csv_planes (
  tailnum STRING, `year` INT, type STRING, manufacturer STRING, model STRING, engines INT, seats INT, speed INT, engine STRING
) WITH ('connector' = 'filesystem', 'path' = '${flights}/planes.csv.bz2', 'format' = 'csv', 'csv.null-literal' = '');

CREATE TEMPORARY TABLE csv_weather (
  origin STRING, `year` INT, `month` INT, `day` INT, `hour` INT, temp DOUBLE, dewp DOUBLE, humid DOUBLE, wind_dir INT,
  wind_speed DOUBLE, wind_gust DOUBLE, precip DOUBLE, pressure DOUBLE, visib DOUBLE, time_hour TIMESTAMP(0)
) WITH ('connector' = 'filesystem', 'path' = '${flights}/weather.csv.bz2', 'format' = 'csv', 'csv.null-literal' = '');

-- Two files each, so that two readers share them.
CREATE TEMPORARY TABLE csv_flights_1 (
  `year` INT, `month` INT, `day` INT, dep_time INT, sched_dep_time INT, dep_delay INT, arr_time INT, sched_arr_time INT, arr_delay INT,
  carrier STRING, flight INT, tailnum STRING, origin STRING, dest STRING, air_time INT, distance INT, `hour` INT, `minute` INT,
  time_hour TIMESTAMP(0)
) WITH ('connector' = 'filesystem', 'path' = '${flights}/flights/first-half', 'format' = 'csv', 'csv.null-literal' = '');

CREATE TEMPORARY TABLE csv_flights_2 (
  `year` INT, `month` INT, `day` INT, dep_time INT, sched_dep_time INT, dep_delay INT, arr_time INT, sched_arr_time INT, arr_delay INT,
  carrier STRING, flight INT, tailnum STRING, origin STRING, dest STRING, air_time INT, distance INT, `hour` INT, `minute` INT,
  time_hour TIMESTAMP(0)
) WITH ('connector' = 'filesystem', 'path' = '${flights}/flights/second-half', 'format' = 'csv', 'csv.null-literal' = '');
