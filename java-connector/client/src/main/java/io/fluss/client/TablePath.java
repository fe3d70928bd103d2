package io.fluss.client;

import java.io.Serializable;
import java.util.Objects;

/** Database and table name. */
public final class TablePath implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String database;
    private final String table;

    public TablePath(String database, String table) {
        this.database = Objects.requireNonNull(database, "database");
        this.table = Objects.requireNonNull(table, "table");
    }

    public static TablePath of(String database, String table) {
        return new TablePath(database, table);
    }

    public String database() {
        return database;
    }

    public String table() {
        return table;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TablePath
                && database.equals(((TablePath) other).database)
                && table.equals(((TablePath) other).table);
    }

    @Override
    public int hashCode() {
        return 31 * database.hashCode() + table.hashCode();
    }

    @Override
    public String toString() {
        return database + "." + table;
    }
}
