-- CALL sys.…: what Apache Fluss's procedures are in a store of one process.
SHOW PROCEDURES FROM sys;
CALL sys.get_cluster_configs('log.segment.file-size', 'no.such.option', 'kv.snapshot.interval');
CALL fluss.sys.get_cluster_configs('memory.size');
-- error: get_cluster_confs
CALL sys.get_cluster_confs('memory.size');
-- error: no users
CALL sys.add_acl('cluster', 'ALLOW', 'User:x', 'READ', '*');
-- error: CREATE CATALOG
CALL sys.set_cluster_configs('kv.snapshot.interval', '5 min');
-- error: no other servers
CALL sys.rebalance('RACK_AWARE');
-- error: scan.kv.snapshot.lease.duration
CALL sys.drop_kv_snapshot_lease('id');
-- It is no database.
SHOW DATABASES;
