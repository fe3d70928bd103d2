package io.fluss.flink.lookup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluss.client.DataType;
import io.fluss.client.TableDescriptor;
import io.fluss.client.TablePath;
import io.fluss.flink.row.BucketSpread;
import io.fluss.flink.table.FlussConnectorOptions;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.source.LookupTableSource;
import org.apache.flink.table.connector.source.lookup.AsyncLookupFunctionProvider;
import org.apache.flink.table.connector.source.lookup.LookupFunctionProvider;
import org.apache.flink.table.connector.source.lookup.LookupOptions;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.VarCharType;
import org.junit.jupiter.api.Test;

/** Table db.t (a BIGINT, b STRING, c INT, d STRING), primary key (b, a); rows projected to (d, a, c, b). */
class LookupKeysTest {
    private static final TablePath PATH = TablePath.of("db", "t");
    private static final RowType ROW = RowType.of(
            new LogicalType[] {new BigIntType(), new VarCharType(50), new IntType(), new VarCharType(50)},
            new String[] {"a", "b", "c", "d"});
    private static final int[][] PROJECTION = {{3}, {0}, {2}, {1}};

    private static TableDescriptor table(List<String> primaryKey, List<String> bucketKey) {
        return TableDescriptor.builder()
                .column("a", DataType.of(DataType.Kind.BIGINT))
                .column("b", DataType.string())
                .column("c", DataType.of(DataType.Kind.INT))
                .column("d", DataType.string())
                .primaryKey(primaryKey)
                .bucketKey(bucketKey)
                .bucketCount(3)
                .build();
    }

    private static LookupKeys of(TableDescriptor table, int... lookupKeys) {
        return LookupKeys.of(PATH, table, ROW, PROJECTION, Collections.emptyMap(), lookupKeys);
    }

    private static boolean matches(LookupKeys keys, RowData key, RowData found) {
        return !keys.matching(key, List.of(found)).isEmpty();
    }

    @Test
    void joinKeysComeInAnyOrder() {
        LookupKeys keys = of(table(List.of("b", "a"), List.of("b", "a")), 1, 3);
        assertThat(keys.field(0)).isEqualTo(1);
        assertThat(keys.field(1)).isZero();
        assertThat(keys.type(0)).isEqualTo(new VarCharType(50));
        keys = of(table(List.of("b", "a"), List.of("b", "a")), 3, 1);
        assertThat(keys.field(0)).isZero();
    }

    @Test
    void keysBeyondThePrimaryKeyFilterTheRow() {
        LookupKeys keys = of(table(List.of("b", "a"), List.of("b", "a")), 1, 0, 3, 2);
        GenericRowData found = GenericRowData.of(text("d"), 1L, 5, text("b"));
        assertThat(matches(keys, GenericRowData.of(1L, text("d"), text("b"), 5), found)).isTrue();
        assertThat(matches(keys, GenericRowData.of(1L, text("x"), text("b"), 5), found)).isFalse();
        assertThat(matches(keys, GenericRowData.of(1L, text("d"), text("b"), 6), found)).isFalse();
        found.setField(2, null);
        assertThat(matches(keys, GenericRowData.of(1L, text("d"), text("b"), 5), found)).isFalse();
        assertThat(keys.hasNull(GenericRowData.of(1L, text("d"), null, 5))).isTrue();
        assertThat(keys.hasNull(GenericRowData.of(1L, text("d"), text("b"), 5))).isFalse();
    }

    @Test
    void aFilterMayGiveAKeyColumn() {
        TableDescriptor table = table(List.of("b", "a"), List.of("b", "a"));
        LookupKeys keys = LookupKeys.of(PATH, table, ROW, PROJECTION, Map.of("a", 7L, "d", "x"), new int[] {2, 3});
        assertThat(keys.constant(0)).isNull();
        assertThat(keys.field(0)).isEqualTo(1);
        assertThat(keys.constant(1)).isEqualTo(7L);
        assertThat(matches(keys, GenericRowData.of(5, text("b")), GenericRowData.of(text("d"), 7L, 5, text("b")))).isTrue();
        assertThat(matches(keys, GenericRowData.of(6, text("b")), GenericRowData.of(text("d"), 7L, 5, text("b")))).isFalse();
    }

    @Test
    void keysThatDoNotCoverThePrimaryKeyAreRefused() {
        assertThatThrownBy(() -> of(table(List.of("b", "a"), List.of("b", "a")), 1, 0))
                .isInstanceOf(ValidationException.class)
                .hasMessageContaining("The Fluss lookup function supports lookup tables where the lookup keys include all"
                        + " primary keys")
                .hasMessageContaining("Can't find expected key 'b' in lookup keys [a, d]")
                .hasMessageContaining("db.t");
        assertThatThrownBy(() -> of(table(List.of(), List.of()), 1))
                .isInstanceOf(ValidationException.class)
                .hasMessageContaining("log table");
    }

    @Test
    void theBucketKeyIsEnoughWhereItBeginsThePrimaryKey() {
        TableDescriptor byBucketKey = table(List.of("b", "a"), List.of("b"));
        LookupKeys keys = of(byBucketKey, 2, 3);
        assertThat(keys.prefix()).containsExactly("b");
        assertThat(keys.field(0)).isEqualTo(1);
        assertThat(matches(keys, GenericRowData.of(5, text("b")), GenericRowData.of(text("d"), 1L, 5, text("b")))).isTrue();
        assertThat(matches(keys, GenericRowData.of(6, text("b")), GenericRowData.of(text("d"), 1L, 5, text("b")))).isFalse();
        assertThat(of(byBucketKey, 1, 3).prefix()).isNull();
        assertThatThrownBy(() -> of(byBucketKey, 1))
                .isInstanceOf(ValidationException.class)
                .hasMessageContaining("all primary keys or all bucket keys. Can't find expected key 'b' in lookup keys [a]");
        // Rows of one bucket key do not lie together: nothing but the whole key finds them.
        assertThatThrownBy(() -> of(table(List.of("b", "a"), List.of("a")), 1))
                .isInstanceOf(ValidationException.class)
                .hasMessageContaining("no beginning of its primary key");
    }

    @Test
    void aFullCacheIsSynchronousAndInsertsNothing() {
        assertThat(provider(false)).isInstanceOf(LookupFunctionProvider.class).isNotInstanceOf(AsyncLookupFunctionProvider.class);
        assertThatThrownBy(() -> provider(true))
                .isInstanceOf(ValidationException.class)
                .hasMessageContaining("'lookup.insert-if-not-exists'")
                .hasMessageContaining("not with 'lookup.cache' = 'FULL'");
    }

    private static LookupTableSource.LookupRuntimeProvider provider(boolean insertsMissing) {
        Configuration options = new Configuration();
        options.set(LookupOptions.CACHE_TYPE, LookupOptions.LookupCacheType.FULL);
        options.set(FlussConnectorOptions.LOOKUP_INSERT_IF_NOT_EXISTS, insertsMissing);
        return FlussLookup.runtimeProvider(
                Collections.emptyMap(),
                PATH,
                1,
                table(List.of("b", "a"), List.of("b", "a")),
                ROW,
                PROJECTION,
                null,
                Collections.emptyMap(),
                new int[] {1, 3},
                FlussLookupOptions.from(options, null));
    }

    @Test
    void theKeysOfABucketGoToOneSubtask() {
        TableDescriptor table = table(List.of("b", "a"), List.of("b"));
        BucketSpread spread = FlussLookup.spread(table, ROW, PROJECTION, new int[] {1, 3});
        BucketSpread ofRows = new BucketSpread(ROW, table.columnIndexes(table.bucketKey()), new int[0], table.bucketCount());
        Set<Integer> subtasks = new HashSet<>();
        for (int i = 0; i < 100; i++) {
            int subtask = spread.subtask(GenericRowData.of(1L, text("b" + i)), 2);
            assertThat(subtask).isEqualTo(ofRows.subtask(GenericRowData.of(2L, text("b" + i), 3, text("d")), 2));
            subtasks.add(subtask);
        }
        assertThat(subtasks).containsExactlyInAnyOrder(0, 1);
        // What says the bucket is no join key.
        assertThat(FlussLookup.spread(table, ROW, PROJECTION, new int[] {1})).isNull();
    }

    private static StringData text(String value) {
        return StringData.fromString(value);
    }
}
