package io.fluss.flink.adapter;

import org.apache.flink.table.data.RowData;

/** A row; Flink 2 has more types. */
public interface RowDataAdapter extends RowData {}
