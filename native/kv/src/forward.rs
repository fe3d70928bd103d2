//! What stands between stores and who uses them passes most calls on.

/// Writes methods of [`KvStores`](crate::KvStores), [`KvTable`](crate::KvTable) or [`KvStore`](crate::KvStore) that call the same of a field:
/// `forward_kv!(field: flush, close);` inside of an `impl`.
#[macro_export]
macro_rules! forward_kv {
    (@ open_checkpoint $to:tt) => {
        fn open_checkpoint(&self, dir: &std::path::Path) -> fluss_types::Result<std::sync::Arc<dyn $crate::KvCheckpoint>> {
            self.$to.open_checkpoint(dir)
        }
    };
    (@ lend $to:tt) => {
        fn lend(&self, bytes: &dyn Fn() -> u64) {
            self.$to.lend(bytes);
        }
    };
    (@ memory_used $to:tt) => {
        fn memory_used(&self) -> $crate::KvMemoryUsed {
            self.$to.memory_used()
        }
    };
    (@ figures $to:tt) => {
        fn figures(&self) -> $crate::KvFigures {
            self.$to.figures()
        }
    };
    (@ flush $to:tt) => {
        fn flush(&self) -> fluss_types::Result<()> {
            self.$to.flush()
        }
    };
    (@ flush_in_background $to:tt) => {
        fn flush_in_background(&self) -> fluss_types::Result<()> {
            self.$to.flush_in_background()
        }
    };
    (@ checkpoint $to:tt) => {
        fn checkpoint(&self, dir: &std::path::Path) -> fluss_types::Result<()> {
            self.$to.checkpoint(dir)
        }
    };
    (@ remove_partition $to:tt) => {
        fn remove_partition(&self, partition: fluss_types::PartitionId) -> fluss_types::Result<()> {
            self.$to.remove_partition(partition)
        }
    };
    (@ load $to:tt) => {
        fn load(&self) -> $crate::KvLoad {
            self.$to.load()
        }
    };
    (@ close $to:tt) => {
        fn close(&self) {
            self.$to.close();
        }
    };
    (@ applied $to:tt) => {
        fn applied(&self) -> fluss_types::Result<$crate::Applied> {
            self.$to.applied()
        }
    };
    (@ durable_offset $to:tt) => {
        fn durable_offset(&self) -> fluss_types::Result<fluss_types::LogOffset> {
            self.$to.durable_offset()
        }
    };
    (@ apply $to:tt) => {
        fn apply(&self, changes: &$crate::Changes, applied: $crate::Applied) -> fluss_types::Result<()> {
            self.$to.apply(changes, applied)
        }
    };
    (@ multi_get $to:tt) => {
        fn multi_get(&self, keys: &[&[u8]]) -> fluss_types::Result<Vec<Option<$crate::KvValue<'_>>>> {
            self.$to.multi_get(keys)
        }
    };
    (@ scan $to:tt) => {
        fn scan(&self, range: &$crate::KvRange<'_>, row: &mut $crate::OnRow<'_>) -> fluss_types::Result<Option<Vec<u8>>> {
            self.$to.scan(range, row)
        }
    };
    (@ scan_prefixes $to:tt) => {
        fn scan_prefixes(
            &self,
            prefixes: &[&[u8]],
            begun: &mut dyn FnMut(),
            row: &mut $crate::OnPrefixRow<'_>,
        ) -> fluss_types::Result<()> {
            self.$to.scan_prefixes(prefixes, begun, row)
        }
    };
    (@ snapshot $to:tt) => {
        fn snapshot(&self) -> fluss_types::Result<Box<dyn $crate::KvSnapshot>> {
            self.$to.snapshot()
        }
    };
    (@ clear $to:tt) => {
        fn clear(&self) -> fluss_types::Result<()> {
            self.$to.clear()
        }
    };
    ($to:tt: $($method:ident),+) => {
        $($crate::forward_kv!(@ $method $to);)+
    };
}
