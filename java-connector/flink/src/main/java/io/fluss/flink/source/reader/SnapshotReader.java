package io.fluss.flink.source.reader;

import io.fluss.client.ColumnBatch;
import io.fluss.client.SnapshotScanner;
import io.fluss.client.Table;
import io.fluss.flink.source.ScanSpec;
import io.fluss.flink.source.split.FlussSplit;
import io.fluss.flink.source.split.SnapshotPosition;

/** Reads the snapshot of one split from where it stopped. */
final class SnapshotReader implements AutoCloseable {
    private final FlussSplit split;
    private final SnapshotScanner scanner;
    private final ScanSpec spec;
    private final OpenBatches openBatches;
    /** Rows behind the position that were emitted before; batches may be cut otherwise than last time. */
    private long skip;

    SnapshotReader(
            Table table,
            FlussSplit split,
            String snapshotId,
            SnapshotPosition position,
            ScanSpec spec,
            OpenBatches openBatches) {
        this.split = split;
        this.spec = spec;
        this.openBatches = openBatches;
        this.skip = position.rowsEmitted();
        byte[] after = position.position().length == 0 ? null : position.position();
        this.scanner = table.newSnapshotScanner(
                split.bucket().partitionId(), split.bucket().bucket(), snapshotId, spec.projection(), spec.filter(), after);
    }

    FlussSplit split() {
        return split;
    }

    /** The next batch with rows to emit, or null at the end. */
    BatchCursor next() {
        while (true) {
            byte[] before = scanner.position();
            ColumnBatch batch = scanner.poll();
            if (batch == null) {
                return null;
            }
            int rows = batch.endRow() - batch.firstRow();
            if (skip >= rows) {
                skip -= rows;
                batch.close();
                continue;
            }
            int skipped = (int) skip;
            skip = 0;
            return BatchCursor.snapshot(split.splitId(), openBatches, batch, spec.snapshotRows(batch), skipped, before);
        }
    }

    @Override
    public void close() {
        scanner.close();
    }
}
