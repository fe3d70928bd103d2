package io.fluss.flink.catalog;

import io.fluss.client.TableDescriptor;

import org.apache.flink.table.catalog.stats.CatalogColumnStatistics;
import org.apache.flink.table.catalog.stats.CatalogColumnStatisticsDataBase;
import org.apache.flink.table.catalog.stats.CatalogColumnStatisticsDataBoolean;
import org.apache.flink.table.catalog.stats.CatalogColumnStatisticsDataDate;
import org.apache.flink.table.catalog.stats.CatalogColumnStatisticsDataDouble;
import org.apache.flink.table.catalog.stats.CatalogColumnStatisticsDataLong;
import org.apache.flink.table.catalog.stats.CatalogColumnStatisticsDataString;
import org.apache.flink.table.catalog.stats.Date;
import org.apache.flink.table.plan.stats.ColumnStats;
import org.apache.flink.table.plan.stats.TableStats;

import java.time.LocalDate;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** What {@code ANALYZE TABLE} found, as properties of the table: {@code statistics.rows} and {@code statistics.<n>.…} of columns. */
public final class CatalogStatistics {
    /** Every bucket that is asked for its rows is opened, and stays so: no plan is worth the open files of more partitions. */
    public static final int MOST_PARTITIONS = 1_000;

    private static final String PREFIX = "statistics.";
    private static final String ROWS = PREFIX + "rows";

    private CatalogStatistics() {}

    /** The number of rows at the last ANALYZE TABLE; -1: there was none. */
    static long rows(TableDescriptor table) {
        return Long.parseLong(table.customProperties().getOrDefault(ROWS, "-1"));
    }

    /** @param properties of the table, to be changed */
    static void putRows(Map<String, String> properties, long rows) {
        properties.put(ROWS, String.valueOf(rows));
    }

    /** @param properties of the table, to be changed */
    static void putColumns(Map<String, String> properties, CatalogColumnStatistics statistics) {
        String rows = properties.get(ROWS);
        remove(properties);
        if (rows != null) {
            properties.put(ROWS, rows);
        }
        int n = 0;
        for (Map.Entry<String, CatalogColumnStatisticsDataBase> entry :
                new TreeMap<>(statistics.getColumnStatisticsData()).entrySet()) {
            Column column = new Column(properties, PREFIX + n++ + ".");
            CatalogColumnStatisticsDataBase data = entry.getValue();
            column.put("name", entry.getKey());
            column.put("nulls", data.getNullCount());
            if (data instanceof CatalogColumnStatisticsDataLong) {
                CatalogColumnStatisticsDataLong numbers = (CatalogColumnStatisticsDataLong) data;
                column.put("kind", "long").put("min", numbers.getMin()).put("max", numbers.getMax());
                column.put("distinct", numbers.getNdv());
            } else if (data instanceof CatalogColumnStatisticsDataDouble) {
                CatalogColumnStatisticsDataDouble numbers = (CatalogColumnStatisticsDataDouble) data;
                column.put("kind", "double").put("min", numbers.getMin()).put("max", numbers.getMax());
                column.put("distinct", numbers.getNdv());
            } else if (data instanceof CatalogColumnStatisticsDataDate) {
                CatalogColumnStatisticsDataDate dates = (CatalogColumnStatisticsDataDate) data;
                column.put("kind", "date").put("min", days(dates.getMin())).put("max", days(dates.getMax()));
                column.put("distinct", dates.getNdv());
            } else if (data instanceof CatalogColumnStatisticsDataString) {
                CatalogColumnStatisticsDataString texts = (CatalogColumnStatisticsDataString) data;
                column.put("kind", "string").put("max", texts.getMaxLength()).put("average", texts.getAvgLength());
                column.put("distinct", texts.getNdv());
            } else if (data instanceof CatalogColumnStatisticsDataBoolean) {
                CatalogColumnStatisticsDataBoolean booleans = (CatalogColumnStatisticsDataBoolean) data;
                column.put("kind", "boolean").put("true", booleans.getTrueCount()).put("false", booleans.getFalseCount());
            } else {
                throw new UnsupportedOperationException("statistics of column '" + entry.getKey() + "': " + data);
            }
        }
    }

    private static Long days(Date date) {
        return date == null ? null : date.getDaysSinceEpoch();
    }

    static CatalogColumnStatistics columns(TableDescriptor table) {
        Map<String, String> properties = table.customProperties();
        Map<String, CatalogColumnStatisticsDataBase> columns = new HashMap<>();
        for (int n = 0; properties.containsKey(PREFIX + n + ".name"); n++) {
            Column column = new Column(properties, PREFIX + n + ".");
            columns.put(column.get("name", Function.identity()), column.data());
        }
        return new CatalogColumnStatistics(columns);
    }

    /** Removes all statistics from the properties of a table. */
    static void remove(Map<String, String> properties) {
        properties.keySet().removeIf(key -> key.startsWith(PREFIX));
    }

    /**
     * As the planner has them.
     *
     * @param counted the number of rows; -1: the one of ANALYZE TABLE
     */
    public static TableStats tableStats(TableDescriptor table, long counted) {
        Map<String, ColumnStats> columns = new LinkedHashMap<>();
        columns(table).getColumnStatisticsData().forEach((name, data) -> columns.put(name, columnStats(data)));
        return new TableStats(counted < 0 ? rows(table) : counted, columns);
    }

    private static ColumnStats columnStats(CatalogColumnStatisticsDataBase data) {
        ColumnStats.Builder stats = ColumnStats.Builder.builder().setNullCount(data.getNullCount());
        if (data instanceof CatalogColumnStatisticsDataLong) {
            CatalogColumnStatisticsDataLong numbers = (CatalogColumnStatisticsDataLong) data;
            stats.setNdv(numbers.getNdv()).setMin(numbers.getMin()).setMax(numbers.getMax());
        } else if (data instanceof CatalogColumnStatisticsDataDouble) {
            CatalogColumnStatisticsDataDouble numbers = (CatalogColumnStatisticsDataDouble) data;
            stats.setNdv(numbers.getNdv()).setMin(numbers.getMin()).setMax(numbers.getMax());
        } else if (data instanceof CatalogColumnStatisticsDataDate) {
            CatalogColumnStatisticsDataDate dates = (CatalogColumnStatisticsDataDate) data;
            stats.setNdv(dates.getNdv()).setMin(sqlDate(dates.getMin())).setMax(sqlDate(dates.getMax()));
        } else if (data instanceof CatalogColumnStatisticsDataString) {
            CatalogColumnStatisticsDataString texts = (CatalogColumnStatisticsDataString) data;
            Long most = texts.getMaxLength();
            stats.setNdv(texts.getNdv()).setAvgLen(texts.getAvgLength()).setMaxLen(most == null ? null : most.intValue());
        }
        return stats.build();
    }

    private static java.sql.Date sqlDate(Date date) {
        return date == null ? null : java.sql.Date.valueOf(LocalDate.ofEpochDay(date.getDaysSinceEpoch()));
    }

    /** The properties of one column. */
    private static final class Column {
        private final Map<String, String> properties;
        private final String prefix;

        Column(Map<String, String> properties, String prefix) {
            this.properties = properties;
            this.prefix = prefix;
        }

        /** Null is left out. */
        Column put(String key, Object value) {
            if (value != null) {
                properties.put(prefix + key, value.toString());
            }
            return this;
        }

        <T> T get(String key, Function<String, T> read) {
            String value = properties.get(prefix + key);
            return value == null ? null : read.apply(value);
        }

        private Date date(String key) {
            return get(key, days -> new Date(Long.parseLong(days)));
        }

        CatalogColumnStatisticsDataBase data() {
            Long nulls = get("nulls", Long::valueOf);
            Long distinct = get("distinct", Long::valueOf);
            String kind = get("kind", Function.identity());
            switch (kind) {
                case "long":
                    return new CatalogColumnStatisticsDataLong(
                            get("min", Long::valueOf), get("max", Long::valueOf), distinct, nulls);
                case "double":
                    return new CatalogColumnStatisticsDataDouble(
                            get("min", Double::valueOf), get("max", Double::valueOf), distinct, nulls);
                case "date":
                    return new CatalogColumnStatisticsDataDate(date("min"), date("max"), distinct, nulls);
                case "string":
                    return new CatalogColumnStatisticsDataString(
                            get("max", Long::valueOf), get("average", Double::valueOf), distinct, nulls);
                case "boolean":
                    return new CatalogColumnStatisticsDataBoolean(
                            get("true", Long::valueOf), get("false", Long::valueOf), nulls);
                default:
                    throw new IllegalStateException("'" + prefix + "kind' = '" + kind + "': unknown to this version");
            }
        }
    }
}
