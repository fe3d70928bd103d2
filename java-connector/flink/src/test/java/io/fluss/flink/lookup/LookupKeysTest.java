package io.fluss.flink.lookup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluss.client.TablePath;
import java.util.Collections;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.connector.source.lookup.LookupOptions;
import org.apache.flink.table.data.GenericRowData;
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
    private static final int[] PRIMARY_KEY = {1, 0};
    private static final int[][] PROJECTION = {{3}, {0}, {2}, {1}};

    @Test
    void joinKeysComeInAnyOrder() {
        LookupKeys keys = LookupKeys.of(PATH, ROW, PRIMARY_KEY, PROJECTION, new int[] {1, 3});
        assertThat(keys.field(0)).isEqualTo(1);
        assertThat(keys.field(1)).isZero();
        assertThat(keys.type(0)).isEqualTo(new VarCharType(50));
        keys = LookupKeys.of(PATH, ROW, PRIMARY_KEY, PROJECTION, new int[] {3, 1});
        assertThat(keys.field(0)).isZero();
    }

    @Test
    void keysBeyondThePrimaryKeyFilterTheRow() {
        LookupKeys keys = LookupKeys.of(PATH, ROW, PRIMARY_KEY, PROJECTION, new int[] {1, 0, 3, 2});
        GenericRowData found = GenericRowData.of(text("d"), 1L, 5, text("b"));
        assertThat(keys.matches(GenericRowData.of(1L, text("d"), text("b"), 5), found)).isTrue();
        assertThat(keys.matches(GenericRowData.of(1L, text("x"), text("b"), 5), found)).isFalse();
        assertThat(keys.matches(GenericRowData.of(1L, text("d"), text("b"), 6), found)).isFalse();
        found.setField(2, null);
        assertThat(keys.matches(GenericRowData.of(1L, text("d"), text("b"), 5), found)).isFalse();
        assertThat(keys.hasNull(GenericRowData.of(1L, text("d"), null, 5))).isTrue();
        assertThat(keys.hasNull(GenericRowData.of(1L, text("d"), text("b"), 5))).isFalse();
    }

    @Test
    void keysThatDoNotCoverThePrimaryKeyAreRefused() {
        assertThatThrownBy(() -> LookupKeys.of(PATH, ROW, PRIMARY_KEY, PROJECTION, new int[] {1, 0}))
                .isInstanceOf(ValidationException.class)
                .hasMessageContaining("The Fluss lookup function supports lookup tables where the lookup keys include all"
                        + " primary keys")
                .hasMessageContaining("Can't find expected key 'b' in lookup keys [a, d]")
                .hasMessageContaining("db.t");
        assertThatThrownBy(() -> LookupKeys.of(PATH, ROW, new int[0], PROJECTION, new int[] {1}))
                .isInstanceOf(ValidationException.class)
                .hasMessageContaining("log table");
    }

    @Test
    void aFullCacheIsNotSupportedYet() {
        FlussLookupOptions full = new FlussLookupOptions(true, LookupOptions.LookupCacheType.FULL, null, 128, 2);
        assertThatThrownBy(() -> FlussLookup.runtimeProvider(
                        Collections.emptyMap(), PATH, ROW, PRIMARY_KEY, PROJECTION, new int[] {1, 3}, full))
                .isInstanceOf(ValidationException.class)
                .hasMessageContaining("not supported yet")
                .hasMessageContaining("lookup.cache");
    }

    private static StringData text(String value) {
        return StringData.fromString(value);
    }
}
