package io.fluss.flink.sink;

import io.fluss.client.Admin;
import io.fluss.client.Connection;
import io.fluss.client.FlussException;
import io.fluss.client.TablePath;
import java.util.Collection;
import java.util.function.BiConsumer;
import org.apache.flink.api.connector.sink2.Committer;

/** Lets others see what the writers have prepared, once a checkpoint knows it; repeating that does no harm. */
final class FlussCommitter<C> implements Committer<C> {
    private static final long FIRST_PAUSE_MS = 100;
    private static final int MOST_DOUBLINGS = 6;

    private final Connection connection;
    private final TablePath path;
    private final BiConsumer<Admin, C> commit;

    /** @param commit a call that may be repeated */
    FlussCommitter(SinkSpec spec, BiConsumer<Admin, C> commit) {
        this.connection = Connection.open(spec.connectionOptions());
        this.path = spec.path();
        this.commit = commit;
    }

    @Override
    public void commit(Collection<CommitRequest<C>> requests) throws InterruptedException {
        for (CommitRequest<C> request : requests) {
            try {
                commit.accept(connection.admin(), request.getCommittable());
            } catch (FlussException e) {
                if (!e.retryable()) {
                    // Not a known reason: with that Flink would go on without the rows.
                    request.signalFailedWithUnknownReason(FlussException.of(
                            e.code(),
                            false,
                            "rows of table " + path + " that a checkpoint holds could not be committed, and the job must not go on"
                                    + " without them: " + e.getMessage()));
                    return;
                }
                // Flink asks again at once; later requests must not overtake this one.
                Thread.sleep(FIRST_PAUSE_MS << Math.min(request.getNumberOfRetries(), MOST_DOUBLINGS));
                retryFrom(request, requests);
                return;
            }
        }
    }

    private static <C> void retryFrom(CommitRequest<C> first, Collection<CommitRequest<C>> requests) {
        boolean reached = false;
        for (CommitRequest<C> request : requests) {
            reached |= request == first;
            if (reached) {
                request.retryLater();
            }
        }
    }

    @Override
    public void close() {
        connection.close();
    }
}
