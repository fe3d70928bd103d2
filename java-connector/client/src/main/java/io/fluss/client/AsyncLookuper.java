package io.fluss.client;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;

/**
 * Gathers single keys into batches without a timer: a key goes out at once if nothing is in flight; otherwise it waits,
 * together with those that come meanwhile, until an answer returns or a full batch has gathered. So a lone lookup pays no delay,
 * and the batches grow by themselves under load. Any thread.
 *
 * @param <T> what a lookup gives; null if the key was not found
 */
public final class AsyncLookuper<T> implements AutoCloseable {
    private final Lookuper lookuper;
    private final Function<ColumnBatch, IntFunction<T>> reader;
    private final WriteBatch keys;
    private final int fullBatch;
    private final int maxInFlight;
    /** Of the thread that made this: what depends on a lookup may load classes by it (Flink's delta join compiles some). */
    private final ClassLoader context = Thread.currentThread().getContextClassLoader();
    private List<CompletableFuture<T>> waiting = new ArrayList<>();
    private int inFlight;
    private boolean closed;

    AsyncLookuper(Lookuper lookuper, Function<ColumnBatch, IntFunction<T>> reader, int fullBatch, int maxInFlight) {
        if (fullBatch < 1 || maxInFlight < 1) {
            throw FlussException.invalid("a batch size of " + fullBatch + " keys and " + maxInFlight
                    + " requests in flight for " + lookuper.describe() + "; both must be at least 1");
        }
        this.lookuper = lookuper;
        this.reader = reader;
        this.fullBatch = fullBatch;
        this.maxInFlight = maxInFlight;
        this.keys = lookuper.newKeys();
    }

    /** The batch that gathers the keys, to be touched only by what is given to {@link #lookup}. */
    public WriteBatch keys() {
        return keys;
    }

    /**
     * @param key writes the key's columns into the given row of {@link #keys()}; called once, before this returns. What it
     *     throws is thrown here and nothing is looked up
     * @return completes on a thread of the connection; always, exceptionally after close
     */
    public CompletableFuture<T> lookup(IntConsumer key) {
        CompletableFuture<T> future = new CompletableFuture<>();
        Request refused;
        synchronized (this) {
            if (closed) {
                throw FlussException.closed(lookuper.describe());
            }
            key.accept(keys.beginRow());
            keys.endRow();
            waiting.add(future);
            boolean full = waiting.size() >= fullBatch && inFlight < maxInFlight;
            refused = inFlight == 0 || full ? send() : null;
        }
        fail(refused);
        return future;
    }

    /** Lookups that are in flight complete; those that were not yet sent fail. */
    @Override
    public void close() {
        List<CompletableFuture<T>> unsent;
        synchronized (this) {
            closed = true;
            unsent = waiting;
            waiting = new ArrayList<>();
            keys.clear();
        }
        failAll(unsent, FlussException.closed(lookuper.describe()));
    }

    /** With the lock. @return the request if it could not be sent: its futures must be failed without the lock */
    private Request send() {
        Request request = new Request(waiting);
        waiting = new ArrayList<>();
        inFlight++;
        try {
            lookuper.send(keys, request);
            return null;
        } catch (Throwable t) {
            inFlight--;
            request.error = t;
            return request;
        } finally {
            keys.clear();
        }
    }

    private void answered() {
        Request refused = null;
        synchronized (this) {
            inFlight--;
            if (!waiting.isEmpty()) {
                refused = send();
            }
        }
        fail(refused);
    }

    private void fail(Request refused) {
        if (refused != null) {
            failAll(refused.futures, refused.error);
        }
    }

    private void failAll(List<CompletableFuture<T>> futures, Throwable error) {
        inContext(() -> futures.forEach(future -> future.completeExceptionally(error)));
    }

    private void inContext(Runnable completion) {
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(context);
        try {
            completion.run();
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private final class Request implements Completions.Call {
        private final List<CompletableFuture<T>> futures;
        private Throwable error;

        Request(List<CompletableFuture<T>> futures) {
            this.futures = futures;
        }

        @Override
        public DataType[] types() {
            return lookuper.types();
        }

        @Override
        public void complete(ColumnBatch answer) {
            // The next batch goes out before this one's futures run their dependents.
            ColumnBatch heap = answer.toHeap();
            answer.close();
            answered();
            try {
                inContext(() -> answer(heap));
            } catch (Throwable t) {
                failAll(futures, t);
            }
        }

        private void answer(ColumnBatch heap) {
            IntFunction<T> rows = reader.apply(heap);
            for (int i = 0; i < futures.size(); i++) {
                boolean found = heap.firstRowOf(i) < heap.endRowOf(i);
                futures.get(i).complete(found ? rows.apply(i) : null);
            }
        }

        @Override
        public void fail(Throwable t) {
            answered();
            failAll(futures, t);
        }
    }
}
