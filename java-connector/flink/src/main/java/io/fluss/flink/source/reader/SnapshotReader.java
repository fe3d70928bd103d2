package io.fluss.flink.source.reader;

import io.fluss.client.ColumnBatch;
import io.fluss.client.SnapshotScanner;
import io.fluss.client.Table;
import io.fluss.flink.source.ScanSpec;
import io.fluss.flink.source.split.FlussSplit;
import io.fluss.flink.source.split.SnapshotPosition;
import io.fluss.flink.source.split.SnapshotSplit;
import io.fluss.flink.source.split.TableBucket;

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
        TableBucket of = split.bucket();
        byte[] after = position.position().length == 0 ? null : position.position();
        long asOf = split instanceof SnapshotSplit ? ((SnapshotSplit) split).asOfOffset() : SnapshotSplit.NOT_EARLIER;
        if (asOf != SnapshotSplit.NOT_EARLIER) {
            this.scanner = table.newEarlierScanner(
                    of.partitionId(), of.bucket(), snapshotId, spec.projection(), spec.filter(), spec.aggregates(), after, asOf);
        } else if (spec.aggregates().isEmpty()) {
            this.scanner = table.newSnapshotScanner(
                    of.partitionId(), of.bucket(), snapshotId, spec.projection(), spec.filter(), after);
        } else {
            this.scanner = table.newSnapshotAggregation(
                    of.partitionId(), of.bucket(), snapshotId, spec.projection(), spec.filter(), spec.aggregates());
        }
    }

    FlussSplit split() {
        return split;
    }

    /** The next batch with rows to emit, nothing if it took long to look for one, or null at the end. */
    BatchCursor next() {
        while (true) {
            byte[] before = scanner.position();
            ColumnBatch batch = scanner.poll();
            if (batch == null) {
                return null;
            }
            int rows = batch.endRow() - batch.firstRow();
            if (rows == 0) {
                batch.close();
                return BatchCursor.nothing();
            }
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
