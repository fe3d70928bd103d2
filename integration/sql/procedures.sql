-- CALL sys.…: what Apache Fluss's procedures are in a store of one process.
SHOW PROCEDURES FROM sys;
CALL sys.get_cluster_configs('log.segment.file-size', 'no.such.option', 'kv.snapshot.interval');
CALL fluss.sys.get_cluster_configs('memory.size');
-- Of transactions that no job will end any more.
CREATE TABLE t (a INT, PRIMARY KEY (a) NOT ENFORCED);
CALL sys.list_transactions('fluss.t');
CALL sys.list_transactions(`table` => 'fluss.t');
-- error: has no transaction 7
CALL sys.abort_transaction('fluss.t', 7);
-- error: names no database
CALL sys.list_transactions('t');
-- error: fluss.none
CALL sys.list_transactions('fluss.none');
-- error: get_cluster_confs
CALL sys.get_cluster_confs('memory.size');
-- error: no users
CALL sys.add_acl('cluster', 'ALLOW', 'User:x', 'READ', '*');
-- error: no users
CALL sys.drop_acl('ANY', 'ANY', 'ANY', 'ANY', 'ANY');
-- error: no users
CALL sys.list_acl('ANY', 'ANY', 'ANY', 'ANY', 'ANY');
-- error: CREATE CATALOG
CALL sys.set_cluster_configs('kv.snapshot.interval', '5 min');
-- error: CREATE CATALOG
CALL sys.reset_cluster_configs('kv.snapshot.interval');
-- error: CREATE CATALOG
CALL sys.append_cluster_configs('kv.snapshot.interval', '5 min');
-- error: CREATE CATALOG
CALL sys.subtract_cluster_configs('kv.snapshot.interval', '5 min');
-- error: no other servers
CALL sys.rebalance('RACK_AWARE');
-- error: no other servers
CALL sys.list_rebalance();
-- error: no other servers
CALL sys.cancel_rebalance();
-- error: no other servers
CALL sys.add_server_tag('0', 'PERMANENT_OFFLINE');
-- error: no other servers
CALL sys.remove_server_tag('0', 'PERMANENT_OFFLINE');
-- error: scan.kv.snapshot.lease.duration
CALL sys.drop_kv_snapshot_lease('id');
-- It is no database.
SHOW DATABASES;
