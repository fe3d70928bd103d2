package io.fluss.flink.row;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.LogicalType;
import org.junit.jupiter.api.Test;

class TypeConversionTest {
    @Test
    void everySupportedTypeComesBackAsItWas() {
        List<DataType> types = new ArrayList<>(Arrays.asList(
                DataTypes.BOOLEAN(),
                DataTypes.TINYINT(),
                DataTypes.SMALLINT(),
                DataTypes.INT(),
                DataTypes.BIGINT(),
                DataTypes.FLOAT(),
                DataTypes.DOUBLE(),
                DataTypes.CHAR(7),
                DataTypes.VARCHAR(9),
                DataTypes.STRING(),
                DataTypes.BINARY(5),
                DataTypes.VARBINARY(6),
                DataTypes.BYTES(),
                DataTypes.DECIMAL(38, 17),
                DataTypes.DATE()));
        for (int p = 0; p <= 9; p++) {
            types.add(DataTypes.TIME(p));
            types.add(DataTypes.TIMESTAMP(p));
            types.add(DataTypes.TIMESTAMP_LTZ(p));
        }
        DataType row = DataTypes.ROW(
                DataTypes.FIELD("a", DataTypes.INT().notNull()), DataTypes.FIELD("b", DataTypes.ARRAY(DataTypes.STRING())));
        types.add(DataTypes.ARRAY(DataTypes.INT().notNull()));
        types.add(DataTypes.MAP(DataTypes.VARCHAR(9).notNull(), row));
        types.add(row);
        types.add(DataTypes.ARRAY(DataTypes.ARRAY(row)));
        for (DataType type : types) {
            for (LogicalType logical : Arrays.asList(type.getLogicalType(), type.notNull().getLogicalType())) {
                io.fluss.client.DataType ours = TypeConversion.toFluss("db.t", "c", logical);
                assertThat(TypeConversion.toFlink(ours)).isEqualTo(logical);
                assertThat(ours.toString()).isEqualTo(logical.asSummaryString());
            }
        }
    }

    @Test
    void keysOfMapsBecomeNotNullAndCommentsOfFieldsStay() {
        LogicalType map = DataTypes.MAP(DataTypes.INT(), DataTypes.INT()).getLogicalType();
        assertThat(TypeConversion.toFlink(TypeConversion.toFluss("db.t", "c", map)).asSummaryString())
                .isEqualTo("MAP<INT NOT NULL, INT>");
        LogicalType row = DataTypes.ROW(DataTypes.FIELD("f", DataTypes.INT(), "what it is")).getLogicalType();
        assertThat(TypeConversion.toFlink(TypeConversion.toFluss("db.t", "c", row))).isEqualTo(row);
    }

    @Test
    void anUnsupportedTypeIsNamedWithItsColumn() {
        List<DataType> types = Arrays.asList(
                DataTypes.ARRAY(DataTypes.MULTISET(DataTypes.INT())),
                DataTypes.MULTISET(DataTypes.INT()),
                DataTypes.INTERVAL(DataTypes.DAY()),
                DataTypes.TIMESTAMP_WITH_TIME_ZONE(3));
        for (DataType type : types) {
            assertThatThrownBy(() -> TypeConversion.toFluss("db.t", "col", type.getLogicalType()))
                    .isInstanceOf(ValidationException.class)
                    .hasMessageContaining("'col'")
                    .hasMessageContaining("db.t")
                    .hasMessageContaining(type.getLogicalType().asSummaryString())
                    .hasMessageContaining("TIMESTAMP_LTZ");
        }
        for (DataType type : Arrays.asList(
                DataTypes.ROW(DataTypes.FIELD("f", DataTypes.INTERVAL(DataTypes.MONTH()))),
                DataTypes.MAP(DataTypes.INT(), DataTypes.INTERVAL(DataTypes.MONTH())))) {
            assertThatThrownBy(() -> TypeConversion.toFluss("db.t", "col", type.getLogicalType()))
                    .hasMessageContaining("'col'")
                    .hasMessageContaining(type.getLogicalType().asSummaryString())
                    .hasMessageContaining("which has INTERVAL MONTH");
        }
    }
}
