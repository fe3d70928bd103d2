-- Opens an embedded store. ${data.dir} is filled in by scripts/sql and by the test runner.
SET 'table.dml-sync' = 'true';
SET 'execution.checkpointing.savepoint-dir' = 'file://${data.dir}/savepoints';
SET 'sql-client.execution.result-mode' = 'tableau';
SET 'table.local-time-zone' = 'UTC';
CREATE CATALOG fluss WITH ('type' = 'fluss', 'data.dir' = '${data.dir}');
USE CATALOG fluss;
