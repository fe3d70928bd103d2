package io.fluss.bench;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.logical.LogicalType;

/**
 * Connector {@code consume}: a sink that reads every column of every row and forgets it. Flink's {@code blackhole} reads none, so that a
 * source that decodes late would look faster than any use of it; with {@code 'read' = 'false'} this one reads none either.
 */
public final class ConsumeTableFactory implements DynamicTableSinkFactory {
    private static final ConfigOption<Boolean> READ =
            ConfigOptions.key("read").booleanType().defaultValue(true).withDescription("Whether columns are read.");
    private static final ConfigOption<Long> ROWS = ConfigOptions.key("rows").longType().defaultValue(0L)
            .withDescription("If not 0: so many rows, written by one subtask, are timed.");

    private static final ConfigOption<Boolean> STAMPED = ConfigOptions.key("stamped").booleanType().defaultValue(false)
            .withDescription("Whether the first column is System.nanoTime() when the row came into being.");

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
        return new HashSet<>(Arrays.asList(READ, ROWS, STAMPED));
    }

    @Override
    public DynamicTableSink createDynamicTableSink(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        helper.validate();
        LogicalType[] types = context.getPhysicalRowDataType().getLogicalType().getChildren().toArray(new LogicalType[0]);
        boolean read = helper.getOptions().get(READ);
        return new ConsumeTableSink(new ConsumeSink(read ? types : new LogicalType[0], helper.getOptions().get(ROWS), helper.getOptions().get(STAMPED)));
    }

    private static final class ConsumeTableSink implements DynamicTableSink {
        private final ConsumeSink sink;

        ConsumeTableSink(ConsumeSink sink) {
            this.sink = sink;
        }

        @Override
        public ChangelogMode getChangelogMode(ChangelogMode requested) {
            return requested;
        }

        @Override
        public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
            return SinkV2Provider.of(sink);
        }

        @Override
        public DynamicTableSink copy() {
            return new ConsumeTableSink(sink);
        }

        @Override
        public String asSummaryString() {
            return "consume";
        }
    }

    private static final class ConsumeSink implements Sink<RowData> {
        private static final long serialVersionUID = 1L;
        /** Of the columns that are read. */
        private final LogicalType[] types;

        private final long rows;
        private final boolean stamped;

        ConsumeSink(LogicalType[] types, long rows, boolean stamped) {
            this.types = types;
            this.rows = rows;
            this.stamped = stamped;
        }

        @Override
        public SinkWriter<RowData> createWriter(WriterInitContext context) {
            RowData.FieldGetter[] getters = new RowData.FieldGetter[types.length];
            for (int i = 0; i < types.length; i++) {
                getters[i] = RowData.createFieldGetter(types[i], i);
            }
            return new ConsumeWriter(getters, rows, stamped);
        }
    }

    private static final class ConsumeWriter implements SinkWriter<RowData> {
        private final RowData.FieldGetter[] getters;
        /** Rows to come; 0 or less: nobody waits for them. */
        private long left;

        /** Keeps the JIT from dropping the reads. */
        private int seen;

        private final boolean stamped;

        private boolean begun;

        ConsumeWriter(RowData.FieldGetter[] getters, long rows, boolean stamped) {
            this.getters = getters;
            this.left = rows;
            this.stamped = stamped;
        }

        @Override
        public void write(RowData row, Context context) {
            if (!begun) {
                begun = true;
                Meter.begin();
            }
            int hash = 0;
            for (RowData.FieldGetter getter : getters) {
                Object value = getter.getFieldOrNull(row);
                hash = 31 * hash + (value == null ? 0 : value.hashCode());
            }
            seen ^= hash;
            if (stamped) {
                Meter.latency(System.nanoTime() - row.getLong(0));
            }
            if (--left == 0) {
                Meter.end();
            }
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
