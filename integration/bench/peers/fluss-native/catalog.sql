CREATE CATALOG peer WITH (
  'type' = 'fluss',
  'data.dir' = '${BOOTSTRAP}'
);
