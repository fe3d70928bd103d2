package io.fluss.flink.source.reader;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Batches on their way from the fetcher's thread to the task's, so that those a failing task never saw are freed too. */
final class OpenBatches {
    private final Set<BatchCursor> open = ConcurrentHashMap.newKeySet();

    void opened(BatchCursor batch) {
        open.add(batch);
    }

    void closed(BatchCursor batch) {
        open.remove(batch);
    }

    /** Called when no thread uses any of them. */
    void closeAll() {
        open.forEach(BatchCursor::close);
    }
}
