package io.fluss.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Lookups that fail and can succeed later: here of a customer whose rows are more than the readers' share of the memory, until some are
 * deleted. And lookups that wait: for a full batch, for room in the queue.
 */
@Timeout(60)
class LookupRetryTest extends StoreTest {
    private static final TablePath PATH = TablePath.of("test", "orders");
    private static final int MIB = 1 << 20;
    /** An eighth of the 256 MiB that are the default of {@code memory.size}, and some more. */
    private static final int TOO_MANY = 34;

    private Table table;
    private Lookuper lookuper;
    private final AtomicInteger tries = new AtomicInteger();

    @BeforeEach
    void fill() {
        table = store.create(
                PATH,
                TableDescriptor.builder()
                        .column("customer", DataType.string().notNull())
                        .column("number", DataType.of(DataType.Kind.BIGINT).notNull())
                        .column("note", DataType.string())
                        .primaryKey("customer", "number")
                        .bucketKey(List.of("customer"))
                        .bucketCount(1)
                        .build());
        write("big", TOO_MANY, WriteBatch.UPSERT, "x".repeat(MIB));
        write("small", 2, WriteBatch.UPSERT, "y");
        lookuper = table.newPrefixLookuper(List.of("customer"), Projection.of(1), null);
    }

    private void write(String customer, int numbers, byte kind, String note) {
        try (TableWriter writer = table.newWriter()) {
            WriteBatch batch = writer.batch();
            for (int number = 0; number < numbers; number++) {
                int row = batch.beginRow();
                batch.column(0).setBytes(row, customer.getBytes(StandardCharsets.UTF_8));
                batch.column(1).setLong(row, number);
                batch.column(2).setBytes(row, note.getBytes(StandardCharsets.UTF_8));
                batch.endRow(kind);
                // Deletes at once: nobody is to see some of them.
                if (kind == WriteBatch.UPSERT || number == numbers - 1) {
                    writer.write(batch);
                    batch.clear();
                }
            }
            writer.flush();
        }
    }

    private WriteBatch key(String customer) {
        WriteBatch keys = lookuper.newKeys();
        keys.column(0).setBytes(keys.beginRow(), customer.getBytes(StandardCharsets.UTF_8));
        keys.endRow();
        return keys;
    }

    private AsyncLookuper<Integer> async(AsyncLookupOptions options) {
        return lookuper.async(answer -> key -> answer.endRowOf(key) - answer.firstRowOf(key), options);
    }

    private CompletableFuture<Integer> lookup(AsyncLookuper<Integer> async, String customer) {
        return async.lookup(row -> {
            tries.incrementAndGet();
            async.keys().column(0).setBytes(row, customer.getBytes(StandardCharsets.UTF_8));
        });
    }

    @Test
    void anErrorThatStaysIsThatOfTheLastRetry() throws Exception {
        assertThatThrownBy(() -> lookuper.lookup(key("big"), 2)).isInstanceOf(ExhaustedException.class);
        for (int retries : new int[] {0, 3}) {
            tries.set(0);
            try (AsyncLookuper<Integer> async = async(AsyncLookupOptions.defaults().maxRetries(retries))) {
                CompletableFuture<Integer> found = lookup(async, "big");
                assertThatThrownBy(() -> found.get(30, TimeUnit.SECONDS)).hasCauseInstanceOf(ExhaustedException.class);
                assertThat(tries).hasValue(1 + retries);
                assertThat(lookup(async, "small").get(30, TimeUnit.SECONDS)).isEqualTo(2);
            }
        }
    }

    @Test
    void aRetrySucceedsWhenTheCauseIsGone() throws Exception {
        try (AsyncLookuper<Integer> async = async(AsyncLookupOptions.defaults().maxRetries(Integer.MAX_VALUE))) {
            CompletableFuture<Integer> found = lookup(async, "big");
            AtomicReference<Object> alone = new AtomicReference<>();
            Thread synchronous = new Thread(() -> {
                try (ColumnBatch answer = lookuper.lookup(key("big"), Integer.MAX_VALUE)) {
                    alone.set(answer.endRowOf(0));
                } catch (Throwable t) {
                    alone.set(t);
                }
            });
            synchronous.start();
            until(() -> tries.get() > 2);
            // Others find theirs meanwhile.
            assertThat(lookup(async, "small").get(30, TimeUnit.SECONDS)).isEqualTo(2);
            assertThat(found).isNotDone();
            write("big", TOO_MANY - 4, WriteBatch.DELETE, "");
            assertThat(found.get(30, TimeUnit.SECONDS)).isEqualTo(4);
            synchronous.join(30_000);
            assertThat(alone).hasValue(4);
        }
    }

    @Test
    void anErrorThatNoRetryCanHelpIsNotRetried() {
        try (AsyncLookuper<Integer> async = async(AsyncLookupOptions.defaults().maxRetries(5))) {
            CompletableFuture<Integer> found = async.lookup(row -> {
                tries.incrementAndGet();
                async.keys().column(0).setNull(row);
            });
            assertThatThrownBy(() -> found.get(30, TimeUnit.SECONDS)).hasCauseInstanceOf(InvalidArgumentException.class);
            assertThat(tries).hasValue(1);
        }
    }

    @Test
    void closingFailsWhatWaitsForItsRetry() throws Exception {
        AsyncLookuper<Integer> async = async(AsyncLookupOptions.defaults().maxRetries(Integer.MAX_VALUE));
        CompletableFuture<Integer> found = lookup(async, "big");
        until(() -> tries.get() > 4);
        async.close();
        assertThatThrownBy(() -> found.get(30, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class);
    }

    @Test
    void aBatchTimeoutFillsBatches() throws Exception {
        AtomicInteger answers = new AtomicInteger();
        AsyncLookupOptions options = AsyncLookupOptions.defaults().fullBatch(3).batchTimeoutMs(TimeUnit.HOURS.toMillis(1));
        try (AsyncLookuper<Integer> async = lookuper.async(
                answer -> {
                    answers.incrementAndGet();
                    return key -> answer.endRowOf(key) - answer.firstRowOf(key);
                },
                options)) {
            List<CompletableFuture<Integer>> found = new ArrayList<>();
            for (int i = 0; i < 7; i++) {
                found.add(lookup(async, "small"));
            }
            for (CompletableFuture<Integer> full : found.subList(0, 6)) {
                assertThat(full.get(30, TimeUnit.SECONDS)).isEqualTo(2);
            }
            assertThat(answers).hasValue(2);
            assertThat(found.get(6)).isNotDone();
        }
        try (AsyncLookuper<Integer> async = async(options.batchTimeoutMs(1))) {
            assertThat(lookup(async, "small").get(30, TimeUnit.SECONDS)).isEqualTo(2);
            assertThat(lookup(async, "nobody").get(30, TimeUnit.SECONDS)).isNull();
        }
    }

    @Test
    void whoMeetsAFullQueueWaitsForRoom() throws Exception {
        CountDownLatch open = new CountDownLatch(1);
        AtomicInteger standing = new AtomicInteger();
        List<CompletableFuture<Integer>> found = new ArrayList<>();
        try (AsyncLookuper<Integer> async = lookuper.async(
                answer -> {
                    // The threads that bring answers stand still.
                    standing.incrementAndGet();
                    await(open);
                    return key -> answer.endRowOf(key) - answer.firstRowOf(key);
                },
                AsyncLookupOptions.defaults().maxInFlight(1).queueSize(4))) {
            Runnable hundred = () -> {
                for (int i = 0; i < 100; i++) {
                    found.add(lookup(async, "small"));
                }
            };
            Thread asking = new Thread(hundred);
            asking.start();
            // Once one stands, the next request is on its way and no room will come.
            until(() -> standing.get() > 0 && asking.getState() == Thread.State.WAITING);
            // Each thread of the connection holds an answer of at most four, as many are on their way, four wait.
            assertThat(tries.get()).isBetween(5, 24);
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            Thread interrupted = new Thread(() -> {
                try {
                    lookup(async, "small");
                } catch (CancellationException e) {
                    thrown.set(e);
                }
            });
            interrupted.start();
            until(() -> interrupted.getState() == Thread.State.WAITING);
            interrupted.interrupt();
            interrupted.join(30_000);
            assertThat(thrown.get()).hasMessageContaining("4 lookups").hasMessageContaining("test.orders");
            open.countDown();
            asking.join(30_000);
            assertThat(found).hasSize(100);
            for (CompletableFuture<Integer> one : found) {
                assertThat(one.get(30, TimeUnit.SECONDS)).isEqualTo(2);
            }
        }
    }

    /** What depends on a lookup may ask again, on a thread that brings answers, which must not wait for itself. */
    @Test
    void aLookupThatFollowsFromAnAnswerNeverWaits() throws Exception {
        try (AsyncLookuper<Integer> async = async(AsyncLookupOptions.defaults().maxInFlight(1).queueSize(1))) {
            CompletableFuture<Integer> sum = CompletableFuture.completedFuture(0);
            for (int i = 0; i < 50; i++) {
                CompletableFuture<Integer> both = lookup(async, "small").thenCompose(
                        first -> lookup(async, "small").thenCombine(lookup(async, "small"), Integer::sum));
                sum = sum.thenCombine(both, Integer::sum);
            }
            assertThat(sum.get(30, TimeUnit.SECONDS)).isEqualTo(200);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(1);
        }
    }
}
