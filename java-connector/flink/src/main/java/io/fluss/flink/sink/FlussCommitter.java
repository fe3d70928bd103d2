package io.fluss.flink.sink;

import io.fluss.client.Connection;
import io.fluss.client.FlussException;
import io.fluss.client.TablePath;
import java.util.Collection;
import java.util.Map;
import org.apache.flink.api.connector.sink2.Committer;

/** Lets others see what the writers have prepared, once a checkpoint knows it; repeating that does no harm. */
final class FlussCommitter implements Committer<FlussCommittable> {
    private static final long FIRST_PAUSE_MS = 100;
    private static final int MOST_DOUBLINGS = 6;

    private final Connection connection;
    private final TablePath path;

    FlussCommitter(Map<String, String> connectionOptions, TablePath path) {
        this.connection = Connection.open(connectionOptions);
        this.path = path;
    }

    @Override
    public void commit(Collection<CommitRequest<FlussCommittable>> requests) throws InterruptedException {
        for (CommitRequest<FlussCommittable> request : requests) {
            try {
                connection.admin().commitTransaction(request.getCommittable().bytes());
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

    private static void retryFrom(
            CommitRequest<FlussCommittable> first, Collection<CommitRequest<FlussCommittable>> requests) {
        boolean reached = false;
        for (CommitRequest<FlussCommittable> request : requests) {
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
