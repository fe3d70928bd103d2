package io.fluss.client;

import io.fluss.jni.Native;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The asynchronous calls of one connection and the daemon threads ({@code fluss-lookup}) that run them and fetch their results. A
 * thread starts when there are more calls than threads, and ends with the connection, so that an idle connection costs none and a
 * closed one keeps no class loader alive.
 */
final class Completions {
    private static final int RESULTS_A_CALL = 64;
    private static final long JOIN_MS = 10_000;
    /** Each call is a batch of keys, and mostly computes or waits for the disk. */
    private static final int MAX_THREADS = Math.min(4, Math.max(2, Runtime.getRuntime().availableProcessors()));

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
    private final List<Thread> threads = new ArrayList<>();
    /** Threads that have not ended. */
    private int running;
    private boolean closed;

    Completions(long connection, String target) {
        this.connection = connection;
        this.target = target;
    }

    /** Whether it is one of those that complete calls. */
    synchronized boolean completesCalls(Thread thread) {
        return threads.contains(thread);
    }

    /** Registers a call; the caller hands the id to the native side, or takes it back with {@link #forget}. */
    long register(Call call) {
        long id = nextId.getAndIncrement();
        synchronized (this) {
            if (closed) {
                throw FlussException.closed("the connection to " + target);
            }
            calls.put(id, call);
            if (calls.size() > running && running < MAX_THREADS) {
                Thread thread = new Thread(this::run, "fluss-lookup");
                thread.setDaemon(true);
                thread.setContextClassLoader(null);
                try {
                    thread.start();
                    threads.add(thread);
                    running++;
                } catch (Throwable t) {
                    // Those that run will do.
                    if (running == 0) {
                        calls.remove(id);
                        throw t;
                    }
                }
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
        List<Thread> all;
        synchronized (this) {
            closed = true;
            all = new ArrayList<>(threads);
        }
        boolean ended = true;
        for (Thread thread : all) {
            if (thread != Thread.currentThread()) {
                try {
                    thread.join(JOIN_MS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            ended &= !thread.isAlive();
        }
        if (ended) {
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
            boolean last;
            synchronized (this) {
                closed = true;
                last = --running == 0;
            }
            // Another may have the answer of a call and not yet have completed it.
            if (last) {
                failRest();
            }
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
