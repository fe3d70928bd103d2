package io.fluss.flink.adapter;

import org.apache.flink.table.data.RowData;
import org.apache.flink.types.variant.Variant;

/** A row without fields of the types that Flink 1.20 does not have; no table has them either. */
public interface RowDataAdapter extends RowData {
    @Override
    default Variant getVariant(int field) {
        throw new UnsupportedOperationException("VARIANT");
    }
}
