package io.fluss.bench;

import java.util.Collections;
import java.util.Set;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.types.logical.LogicalType;

/**
 * Connector {@code consume}: a sink that reads every column of every row and forgets it. Flink's {@code blackhole} reads none, so that a
 * source that decodes late would look faster than any use of it.
 */
public final class ConsumeTableFactory implements DynamicTableSinkFactory {
    @Override
    public String factoryIdentifier() {
        return "consume";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Collections.emptySet();
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return Collections.emptySet();
    }

    @Override
    public DynamicTableSink createDynamicTableSink(Context context) {
        return new ConsumeTableSink(context.getPhysicalRowDataType().getLogicalType().getChildren().toArray(new LogicalType[0]));
    }

    private static final class ConsumeTableSink implements DynamicTableSink {
        private final LogicalType[] types;

        ConsumeTableSink(LogicalType[] types) {
            this.types = types;
        }

        @Override
        public ChangelogMode getChangelogMode(ChangelogMode requested) {
            return requested;
        }

        @Override
        public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
            return SinkV2Provider.of(new ConsumeSink(types));
        }

        @Override
        public DynamicTableSink copy() {
            return new ConsumeTableSink(types);
        }

        @Override
        public String asSummaryString() {
            return "consume";
        }
    }

    private static final class ConsumeSink implements Sink<RowData> {
        private static final long serialVersionUID = 1L;
        private final LogicalType[] types;

        ConsumeSink(LogicalType[] types) {
            this.types = types;
        }

        @Override
        public SinkWriter<RowData> createWriter(WriterInitContext context) {
            RowData.FieldGetter[] getters = new RowData.FieldGetter[types.length];
            for (int i = 0; i < types.length; i++) {
                getters[i] = RowData.createFieldGetter(types[i], i);
            }
            return new ConsumeWriter(getters);
        }
    }

    private static final class ConsumeWriter implements SinkWriter<RowData> {
        private final RowData.FieldGetter[] getters;
        /** Keeps the JIT from dropping the reads. */
        private int seen;

        ConsumeWriter(RowData.FieldGetter[] getters) {
            this.getters = getters;
        }

        @Override
        public void write(RowData row, Context context) {
            int hash = 0;
            for (RowData.FieldGetter getter : getters) {
                Object value = getter.getFieldOrNull(row);
                hash = 31 * hash + (value == null ? 0 : value.hashCode());
            }
            seen ^= hash;
        }

        @Override
        public void flush(boolean endOfInput) {
            // Nothing is kept.
        }

        @Override
        public void close() {
            if (seen == 42) {
                System.out.print("");
            }
        }
    }
}
