package io.fluss.client;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;

/**
 * Gathers single keys into batches without a timer: a key goes out at once if nothing is in flight; otherwise it waits,
 * together with those that come meanwhile, until an answer returns or a full batch has gathered. So a lone lookup pays no delay,
 * and the batches grow by themselves under load. Only who asks for it ({@link AsyncLookupOptions#batchTimeoutMs}) waits for full batches. Any thread.
 *
 * @param <T> what a lookup gives; null if the key was not found
 */
public final class AsyncLookuper<T> implements AutoCloseable {
    private final Lookuper lookuper;
    private final Function<ColumnBatch, IntFunction<T>> reader;
    private final WriteBatch keys;
    private final AsyncLookupOptions options;
    /** Of the thread that made this: what depends on a lookup may load classes by it (Flink's delta join compiles some). */
    private final ClassLoader context = Thread.currentThread().getContextClassLoader();
    /** What {@link #keys} holds. */
    private List<Lookup<T>> waiting = new ArrayList<>();
    /** Failed, to be sent again when their time has come. */
    private final Set<Request> paused = new HashSet<>();
    /** Lookups of those. */
    private int pausedLookups;
    private int inFlight;
    /** Requests that were ever sent: says of which keys a timer speaks. */
    private long sent;
    private long keysSent;
    private int lastBatch;
    private volatile long lastLatencyNanos;
    /** What waits has waited as long as it may. */
    private boolean due;
    private boolean closed;
    private ScheduledThreadPoolExecutor timer;
    private Thread timerThread;

    AsyncLookuper(Lookuper lookuper, Function<ColumnBatch, IntFunction<T>> reader, AsyncLookupOptions options) {
        this.lookuper = lookuper;
        this.reader = reader;
        this.options = options;
        this.keys = lookuper.newKeys();
    }

    /** The batch that gathers the keys, to be touched only by what is given to {@link #lookup}. */
    public WriteBatch keys() {
        return keys;
    }

    /**
     * Waits while the queue is full, but not on a thread that completes lookups.
     *
     * @param key writes the key's columns into the given row of {@link #keys()}; called before this returns, and again for every retry, on
     *     another thread, while no other is called. What it throws is thrown here and nothing is looked up
     * @return completes on a thread of the connection; always, exceptionally after close
     * @throws CancellationException if the thread is interrupted while it waits
     */
    public CompletableFuture<T> lookup(IntConsumer key) {
        Lookup<T> lookup = new Lookup<>(key);
        Request refused;
        synchronized (this) {
            awaitRoom();
            if (closed) {
                throw FlussException.closed(lookuper.describe());
            }
            add(lookup);
            refused = isReady() ? send() : null;
        }
        failed(refused);
        return lookup;
    }

    /** Lookups that are in flight complete; those that were not yet sent, or wait to be sent again, fail. */
    @Override
    public void close() {
        List<Lookup<T>> unsent;
        synchronized (this) {
            closed = true;
            unsent = waiting;
            waiting = new ArrayList<>();
            paused.forEach(request -> unsent.addAll(request.lookups));
            paused.clear();
            keys.clear();
            if (timer != null) {
                timer.shutdownNow();
            }
            notifyAll();
        }
        failAll(unsent, FlussException.closed(lookuper.describe()));
    }

    /** Requests that were sent. */
    public synchronized long requests() {
        return sent;
    }

    /** Keys of all of them, those that were sent again too. */
    public synchronized long keysSent() {
        return keysSent;
    }

    /** Keys of the last one. */
    public synchronized int lastBatch() {
        return lastBatch;
    }

    /** Requests that are not answered yet. */
    public synchronized int inFlight() {
        return inFlight;
    }

    /** Between the last answer and its request. */
    public long lastLatencyNanos() {
        return lastLatencyNanos;
    }

    private void awaitRoom() {
        while (!closed && waiting.size() + pausedLookups >= options.queueSize() && !completesLookups(Thread.currentThread())) {
            try {
                wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CancellationException("interrupted while " + options.queueSize() + " lookups of " + lookuper.describe() + " waited to be sent");
            }
        }
    }

    private boolean completesLookups(Thread thread) {
        return thread == timerThread || lookuper.completesCalls(thread);
    }

    /** With the lock. */
    private void add(Lookup<T> lookup) {
        lookup.key.accept(keys.beginRow());
        keys.endRow();
        waiting.add(lookup);
        if (options.batchTimeoutMs() > 0 && waiting.size() == 1) {
            long first = sent;
            later(options.batchTimeoutMs(), () -> waited(first));
        }
    }

    /** With the lock. */
    private boolean isReady() {
        boolean mayGo = options.batchTimeoutMs() == 0 ? inFlight == 0 : due;
        return inFlight < options.maxInFlight() && (mayGo || waiting.size() >= options.fullBatch());
    }

    /** With the lock. @return the request if it could not be sent: it must be {@link #failed} without the lock */
    private Request send() {
        Request request = new Request(waiting);
        waiting = new ArrayList<>();
        due = false;
        sent++;
        lastBatch = request.lookups.size();
        keysSent += lastBatch;
        inFlight++;
        notifyAll();
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
            if (!waiting.isEmpty() && (options.batchTimeoutMs() == 0 || isReady())) {
                refused = send();
            }
        }
        failed(refused);
    }

    /** The first of the keys that wait has waited. @param first of {@link #sent} when it came */
    private void waited(long first) {
        Request refused = null;
        synchronized (this) {
            if (first == sent && !waiting.isEmpty()) {
                due = true;
                refused = isReady() ? send() : null;
            }
        }
        failed(refused);
    }

    /** With the lock. */
    private void later(long ms, Runnable what) {
        if (timer == null) {
            timer = new ScheduledThreadPoolExecutor(1, run -> {
                timerThread = new Thread(run, "fluss-lookup-timer");
                timerThread.setDaemon(true);
                timerThread.setContextClassLoader(null);
                return timerThread;
            });
        }
        timer.schedule(what, ms, TimeUnit.MILLISECONDS);
    }

    private void failed(Request request) {
        if (request == null) {
            return;
        }
        List<Lookup<T>> lost = new ArrayList<>();
        List<Lookup<T>> again = new ArrayList<>();
        synchronized (this) {
            int retries = 0;
            for (Lookup<T> lookup : request.lookups) {
                boolean another = !closed && Retries.isAnother(request.error, lookup.retries, options.maxRetries());
                retries = Math.max(retries, lookup.retries);
                (another ? again : lost).add(lookup);
            }
            if (!again.isEmpty()) {
                Request pausing = new Request(again);
                paused.add(pausing);
                pausedLookups += again.size();
                later(Retries.pauseMs(retries), () -> retry(pausing));
            }
        }
        failAll(lost, request.error);
    }

    private void retry(Request request) {
        Request refused = null;
        synchronized (this) {
            if (!paused.remove(request)) {
                return;
            }
            pausedLookups -= request.lookups.size();
            try {
                for (Lookup<T> lookup : request.lookups) {
                    lookup.retries++;
                    add(lookup);
                }
                refused = isReady() ? send() : null;
            } catch (Throwable t) {
                request.error = t;
                refused = request;
            }
        }
        failed(refused);
    }

    private void failAll(List<Lookup<T>> lookups, Throwable error) {
        inContext(() -> lookups.forEach(lookup -> lookup.completeExceptionally(error)));
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

    /** What is given for a key, and what writes the key. */
    private static final class Lookup<T> extends CompletableFuture<T> {
        private final IntConsumer key;
        private int retries;

        Lookup(IntConsumer key) {
            this.key = key;
        }
    }

    private final class Request implements Completions.Call {
        private final List<Lookup<T>> lookups;
        private final long begun = System.nanoTime();
        private Throwable error;

        Request(List<Lookup<T>> lookups) {
            this.lookups = lookups;
        }

        @Override
        public DataType[] types() {
            return lookuper.types();
        }

        @Override
        public void complete(ColumnBatch answer) {
            lastLatencyNanos = System.nanoTime() - begun;
            // The next batch goes out before this one's futures run their dependents.
            ColumnBatch heap = answer.toHeap();
            answer.close();
            answered();
            try {
                inContext(() -> answer(heap));
            } catch (Throwable t) {
                failAll(lookups, t);
            }
        }

        private void answer(ColumnBatch heap) {
            IntFunction<T> rows = reader.apply(heap);
            for (int i = 0; i < lookups.size(); i++) {
                boolean found = heap.firstRowOf(i) < heap.endRowOf(i);
                lookups.get(i).complete(found ? rows.apply(i) : null);
            }
        }

        @Override
        public void fail(Throwable t) {
            error = t;
            answered();
            failed(this);
        }
    }
}
