package io.fluss.flink.row;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluss.client.DataType;
import io.fluss.client.InvalidArgumentException;
import io.fluss.client.WriteBatch;
import java.util.Arrays;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.logical.BigIntType;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.table.types.logical.VarCharType;
import org.junit.jupiter.api.Test;

class RowDataWriterTest {
    /** A column that the table got after the job was planned. */
    private static final DataType ADDED = DataType.array(DataType.string());

    private final WriteBatch batch =
            WriteBatch.ofRows(Arrays.asList(DataType.of(DataType.Kind.BIGINT), DataType.string(), DataType.string(), ADDED));

    private final RowDataWriter writer = new RowDataWriter(
            "db.t",
            RowType.of(
                    new LogicalType[] {new BigIntType(), new VarCharType(100), new VarCharType(100)},
                    new String[] {"id", "day", "note"}),
            new int[] {1, 0},
            new int[0],
            batch);

    @Test
    void aNullInAKeyNamesTableColumnAndKeyAndLeavesTheBatch() {
        writer.upsert(GenericRowData.of(1L, StringData.fromString("mon"), null));
        assertThatThrownBy(() -> writer.upsert(GenericRowData.of(7L, null, StringData.fromString("x"))))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("db.t")
                .hasMessageContaining("'day'")
                .hasMessageContaining("(day, id)")
                .hasMessageContaining("(NULL, 7)");
        assertThatThrownBy(() -> writer.delete(GenericRowData.of(null, StringData.fromString("mon"), null)))
                .isInstanceOf(InvalidArgumentException.class)
                .hasMessageContaining("'id'");
        assertThat(batch.rows()).isEqualTo(1);
        writer.upsert(GenericRowData.of(2L, StringData.fromString("tue"), StringData.fromString("note")));
        assertThat(batch.rows()).isEqualTo(2);
    }

    @Test
    void aDeleteNeedsNothingButTheKey() {
        writer.delete(GenericRowData.of(1L, StringData.fromString("mon"), null));
        assertThat(batch.rows()).isEqualTo(1);
    }
}
