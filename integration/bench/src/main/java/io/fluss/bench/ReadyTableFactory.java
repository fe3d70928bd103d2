package io.fluss.bench;

import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.SourceProvider;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.logical.RowType;

/** Connector {@code ready}: one batch of random rows that is made once, given again and again: what Flink itself costs. */
public final class ReadyTableFactory implements DynamicTableSourceFactory {
    private static final ConfigOption<Long> ROWS =
            ConfigOptions.key("rows").longType().noDefaultValue().withDescription("How many rows in all.");
    private static final ConfigOption<Long> KEYS = ConfigOptions.key("keys").longType().defaultValue(0L)
            .withDescription("If not 0: the first column, a BIGINT, is made anew each time, random below this.");

    private static final ConfigOption<Integer> RATE = ConfigOptions.key("rate").intType().defaultValue(0)
            .withDescription("If not 0: so many rows a second, and the second column, a BIGINT, is System.nanoTime() then.");

    @Override
    public String factoryIdentifier() {
        return "ready";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Collections.singleton(ROWS);
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return new HashSet<>(Arrays.asList(KEYS, RATE));
    }

    @Override
    public DynamicTableSource createDynamicTableSource(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        helper.validate();
        RowType type = (RowType) context.getPhysicalRowDataType().getLogicalType();
        ReadableConfig options = helper.getOptions();
        return new ReadyTableSource(new ReadySource(type, options.get(ROWS), options.get(KEYS), options.get(RATE)));
    }

    private static final class ReadyTableSource implements ScanTableSource {
        private final ReadySource source;

        ReadyTableSource(ReadySource source) {
            this.source = source;
        }

        @Override
        public ChangelogMode getChangelogMode() {
            return ChangelogMode.insertOnly();
        }

        @Override
        public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
            return SourceProvider.of(source);
        }

        @Override
        public DynamicTableSource copy() {
            return new ReadyTableSource(source);
        }

        @Override
        public String asSummaryString() {
            return "ready";
        }
    }
}
