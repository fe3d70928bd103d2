package io.fluss.flink.sink;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.logical.BinaryType;
import org.apache.flink.table.types.logical.IntType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.VarCharType;
import org.apache.flink.types.RowKind;
import org.junit.jupiter.api.Test;

/** Table (v INT, s STRING, b BINARY(2)), primary key (b, s). */
class RetractionsTest {
    private final Retractions retractions = new Retractions(
            RowType.of(
                    new LogicalType[] {new IntType(), new VarCharType(50), new BinaryType(2)},
                    new String[] {"v", "s", "b"}),
            new int[] {2, 1});

    private static RowData row(RowKind kind, int v, String s, int b) {
        return GenericRowData.ofKind(kind, v, StringData.fromString(s), new byte[] {1, (byte) b});
    }

    @Test
    void rowsOfOtherKeysComeBetween() {
        retractions.add(row(RowKind.UPDATE_BEFORE, 1, "a", 1));
        retractions.add(row(RowKind.UPDATE_BEFORE, 2, "a", 2));
        assertThat(retractions.take(row(RowKind.UPDATE_AFTER, 1, "b", 1))).isFalse();
        assertThat(retractions.take(row(RowKind.UPDATE_AFTER, 7, "a", 1))).isTrue();
        assertThat(retractions.take(row(RowKind.UPDATE_AFTER, 7, "a", 1))).isFalse();
        assertThat(retractions.takeAll()).hasSize(1).allSatisfy(key -> {
            assertThat(key.getString(1)).hasToString("a");
            assertThat(key.getBinary(2)).containsExactly(1, 2);
        });
        assertThat(retractions.isEmpty()).isTrue();
    }

    @Test
    void whatComesAfterACallForTheOldWaitsForTheNextButOne() {
        retractions.add(row(RowKind.UPDATE_BEFORE, 1, "a", 1));
        assertThat(retractions.takeOld()).isEmpty();
        retractions.add(row(RowKind.UPDATE_BEFORE, 1, "b", 1));
        assertThat(retractions.takeOld()).hasSize(1).allSatisfy(key -> assertThat(key.getString(1)).hasToString("a"));
        assertThat(retractions.takeOld()).hasSize(1);
        assertThat(retractions.isEmpty()).isTrue();
    }

    /** Flink uses the memory of a row again. */
    @Test
    void theKeyIsACopy() {
        byte[] key = {1, 1};
        retractions.add(GenericRowData.ofKind(RowKind.UPDATE_BEFORE, 1, StringData.fromString("a"), key));
        key[1] = 9;
        assertThat(retractions.take(row(RowKind.UPDATE_AFTER, 1, "a", 1))).isTrue();
    }
}
