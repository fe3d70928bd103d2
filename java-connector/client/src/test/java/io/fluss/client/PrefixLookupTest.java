package io.fluss.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Lookups by the beginning of a key, and lookups that make what is missing. */
@Timeout(60)
class PrefixLookupTest extends StoreTest {
    private static final TablePath PATH = TablePath.of("test", "orders");

    /** customer STRING, number BIGINT, v BIGINT; in buckets by customer. Customer "c" + n has n orders. */
    private Table orders() {
        Table table = store.create(
                PATH,
                TableDescriptor.builder()
                        .column("customer", DataType.string().notNull())
                        .column("number", DataType.of(DataType.Kind.BIGINT).notNull())
                        .column("v", DataType.of(DataType.Kind.BIGINT))
                        .primaryKey("customer", "number")
                        .bucketKey(List.of("customer"))
                        .bucketCount(3)
                        .build());
        try (TableWriter writer = table.newWriter()) {
            for (int customer = 0; customer < 20; customer++) {
                for (int number = 0; number < customer; number++) {
                    int row = writer.batch().beginRow();
                    key(writer.batch(), row, "c" + customer);
                    writer.batch().column(1).setLong(row, number);
                    writer.batch().column(2).setLong(row, 100 * customer + number);
                    writer.batch().endRow();
                }
            }
            writer.write(writer.batch());
            writer.flush();
        }
        return table;
    }

    private static void key(WriteBatch batch, int row, String customer) {
        batch.column(0).setBytes(row, customer.getBytes(StandardCharsets.UTF_8));
    }

    private static List<Long> values(ColumnBatch batch, int key) {
        List<Long> values = new ArrayList<>();
        for (int row = batch.firstRowOf(key); row < batch.endRowOf(key); row++) {
            values.add(batch.column(0).getLong(row));
        }
        return values;
    }

    @Test
    void aPrefixGivesAllItsRows() {
        Table table = orders();
        try (Lookuper lookuper = table.newPrefixLookuper(List.of("customer"), Projection.of(2))) {
            WriteBatch keys = lookuper.newKeys();
            for (String customer : new String[] {"c3", "c0", "nobody", "c1", "c3"}) {
                key(keys, keys.beginRow(), customer);
                keys.endRow();
            }
            try (ColumnBatch found = lookuper.lookup(keys)) {
                assertThat(found.rowCount()).isEqualTo(7);
                assertThat(values(found, 0)).containsExactly(300L, 301L, 302L);
                assertThat(values(found, 1)).isEmpty();
                assertThat(values(found, 2)).isEmpty();
                assertThat(values(found, 3)).containsExactly(100L);
                assertThat(values(found, 4)).containsExactly(300L, 301L, 302L);
                try (ColumnBatch heap = found.toHeap()) {
                    assertThat(values(heap, 4)).containsExactly(300L, 301L, 302L);
                }
            }
            keys.clear();
            try (ColumnBatch none = lookuper.lookup(keys)) {
                assertThat(none.rowCount()).isZero();
            }
        }
    }

    @Test
    void prefixesAreLookedUpAsynchronously() throws Exception {
        Table table = orders();
        try (Lookuper lookuper = table.newPrefixLookuper(List.of("customer"), Projection.of(2));
                AsyncLookuper<List<Long>> async = lookuper.async(batch -> key -> values(batch, key), AsyncLookupOptions.defaults().fullBatch(16).maxInFlight(2))) {
            List<CompletableFuture<List<Long>>> answers = new ArrayList<>();
            for (int customer = 0; customer < 20; customer++) {
                String name = "c" + customer;
                answers.add(async.lookup(row -> key(async.keys(), row, name)));
            }
            assertThat(answers.get(0).get(10, TimeUnit.SECONDS)).isNull();
            for (int customer = 1; customer < 20; customer++) {
                List<Long> values = answers.get(customer).get(10, TimeUnit.SECONDS);
                assertThat(values).hasSize(customer).startsWith(100L * customer);
            }
        }
    }

    @Test
    void otherColumnsAreNoPrefix() {
        Table table = orders();
        assertThatThrownBy(() -> table.newPrefixLookuper(List.of("number"), Projection.of(2)))
                .isInstanceOf(InvalidArgumentException.class);
        assertThatThrownBy(() -> table.newPrefixLookuper(List.of("customer", "v"), Projection.of(2)))
                .isInstanceOf(InvalidArgumentException.class);
        assertThatThrownBy(() -> table.newPrefixLookuper(List.of("none"), Projection.of(2)))
                .isInstanceOf(InvalidArgumentException.class);
        Table events = store.events();
        assertThatThrownBy(() -> events.newPrefixLookuper(List.of("id"), Projection.of(0)))
                .isInstanceOf(InvalidArgumentException.class);
    }

    @Test
    void aKeyThatIsMissingGetsARow() {
        Table table = orders();
        try (Lookuper inserting = table.newLookuper(Projection.of(2, 1), true);
                Lookuper plain = table.newLookuper(new int[] {2, 1})) {
            WriteBatch keys = inserting.newKeys();
            int row = keys.beginRow();
            key(keys, row, "c1");
            keys.column(1).setLong(row, 0);
            keys.endRow();
            row = keys.beginRow();
            key(keys, row, "new");
            keys.column(1).setLong(row, 7);
            keys.endRow();
            try (ColumnBatch found = plain.lookup(keys)) {
                assertThat(found.isFound(1)).isFalse();
                assertThat(found.firstRowOf(1)).isEqualTo(found.endRowOf(1));
            }
            try (ColumnBatch found = inserting.lookup(keys)) {
                assertThat(found.column(0).getLong(0)).isEqualTo(100);
                assertThat(found.isFound(1)).isTrue();
                assertThat(found.isNull(0, 1)).isTrue();
                assertThat(found.column(1).getLong(1)).isEqualTo(7);
                assertThat(values(found, 0)).containsExactly(100L);
            }
            try (ColumnBatch found = plain.lookup(keys)) {
                assertThat(found.isFound(1)).isTrue();
            }
            assertThat(store.connection.admin().tableStats(PATH).rowCount()).isEqualTo(191);
        }
    }
}
