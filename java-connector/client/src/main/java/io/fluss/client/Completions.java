package io.fluss.client;

import io.fluss.jni.Native;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The asynchronous calls of one connection and the daemon thread ({@code fluss-callback}) that fetches their results. The
 * thread starts with the first call and ends with the connection, so that an idle connection costs none and a closed one
 * keeps no class loader alive.
 */
final class Completions {
    private static final int RESULTS_A_CALL = 64;
    private static final long JOIN_MS = 10_000;

    /** A call that waits for its answer. Exactly one of the methods is called, once. */
    interface Call {
        /** Columns of the answer. */
        DataType[] types();

        /** The batch is closed by the caller afterwards. */
        void complete(ColumnBatch answer);

        void fail(Throwable error);
    }

    private final long connection;
    private final String target;
    private final AtomicLong nextId = new AtomicLong(1);
    private final ConcurrentHashMap<Long, Call> calls = new ConcurrentHashMap<>();
    private Thread thread;
    private boolean closed;

    Completions(long connection, String target) {
        this.connection = connection;
        this.target = target;
    }

    /** Registers a call; the caller hands the id to the native side, or takes it back with {@link #forget}. */
    long register(Call call) {
        long id = nextId.getAndIncrement();
        synchronized (this) {
            if (closed) {
                throw FlussException.closed("the connection to " + target);
            }
            calls.put(id, call);
            if (thread == null) {
                thread = new Thread(this::run, "fluss-callback");
                thread.setDaemon(true);
                thread.setContextClassLoader(null);
                thread.start();
            }
        }
        return id;
    }

    /** @return whether the call was still there, that is: nobody else completes it */
    boolean forget(long id) {
        return calls.remove(id) != null;
    }

    /** Called when the native connection is closed: waits until every call has completed. */
    void closed() {
        Thread running;
        synchronized (this) {
            closed = true;
            running = thread;
        }
        if (running != null && running != Thread.currentThread()) {
            try {
                running.join(JOIN_MS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        if (running == null || !running.isAlive()) {
            failRest();
        }
    }

    private void run() {
        long[] ids = new long[RESULTS_A_CALL];
        long[] results = new long[RESULTS_A_CALL];
        try {
            while (true) {
                int count = Native.awaitCompletions(connection, ids, results);
                if (count < 0) {
                    return;
                }
                for (int i = 0; i < count; i++) {
                    Call call = calls.remove(ids[i]);
                    if (call != null) {
                        take(call, results[i]);
                    }
                }
            }
        } catch (FlussException e) {
            // A connection that was closed before the first wait is a stale handle; what waits is failed below either way.
            return;
        } finally {
            synchronized (this) {
                closed = true;
            }
            failRest();
        }
    }

    private static void take(Call call, long result) {
        try {
            DataType[] types = call.types();
            long[] descriptor = ColumnBatch.newDescriptor(types);
            ByteBuffer buffer = Native.takeResult(result, descriptor);
            try (ColumnBatch answer = new ColumnBatch(buffer, descriptor, types)) {
                call.complete(answer);
            }
        } catch (Throwable t) {
            call.fail(t);
        }
    }

    private void failRest() {
        for (Long id : calls.keySet()) {
            Call call = calls.remove(id);
            if (call != null) {
                call.fail(FlussException.closed("the connection to " + target));
            }
        }
    }
}
