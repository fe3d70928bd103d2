-- The tables of the demo in the catalog `fluss`: four to look things up in, one log of flights, one result.
CREATE TABLE airlines (
  carrier STRING,
  name STRING,
  PRIMARY KEY (carrier) NOT ENFORCED
);

CREATE TABLE airports (
  faa STRING, name STRING, lat DOUBLE, lon DOUBLE, alt INT, tz INT, dst STRING, tzone STRING,
  PRIMARY KEY (faa) NOT ENFORCED
);

CREATE TABLE planes (
  tailnum STRING, `year` INT, type STRING, manufacturer STRING, model STRING, engines INT, seats INT, speed INT, engine STRING,
  PRIMARY KEY (tailnum) NOT ENFORCED
) WITH ('bucket.num' = '2');

CREATE TABLE weather (
  origin STRING, `year` INT, `month` INT, `day` INT, `hour` INT, temp DOUBLE, dewp DOUBLE, humid DOUBLE, wind_dir INT,
  wind_speed DOUBLE, wind_gust DOUBLE, precip DOUBLE, pressure DOUBLE, visib DOUBLE, time_hour TIMESTAMP(0),
  PRIMARY KEY (origin, time_hour) NOT ENFORCED
) WITH ('bucket.num' = '2');

-- No primary key: a log.
CREATE TABLE flights (
  `year` INT, `month` INT, `day` INT, dep_time INT, sched_dep_time INT, dep_delay INT, arr_time INT, sched_arr_time INT, arr_delay INT,
  carrier STRING, flight INT, tailnum STRING, origin STRING, dest STRING, air_time INT, distance INT, `hour` INT, `minute` INT,
  time_hour TIMESTAMP(0),
  proc AS PROCTIME()
) WITH ('bucket.num' = '2');

CREATE TABLE delays (
  carrier STRING,
  day_of DATE,
  airline STRING,
  flights BIGINT,
  cancelled BIGINT,
  dep_delay DOUBLE COMMENT 'average, minutes',
  arr_delay DOUBLE COMMENT 'average, minutes',
  seats BIGINT COMMENT 'of the planes that are known',
  farthest_north DOUBLE COMMENT 'latitude of a destination',
  windy BIGINT COMMENT 'flights that left in wind of 15 mph and more',
  PRIMARY KEY (carrier, day_of) NOT ENFORCED
) WITH ('bucket.num' = '2');
