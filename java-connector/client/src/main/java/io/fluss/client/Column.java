package io.fluss.client;

import java.util.Objects;

/** A column of a table, or a field of a ROW. */
public final class Column {
    private final String name;
    private final DataType type;
    private final String comment;
    private final int id;

    public Column(String name, DataType type) {
        this(name, type, "");
    }

    /** @param comment may be empty */
    public Column(String name, DataType type, String comment) {
        this(name, type, comment, -1);
    }

    Column(String name, DataType type, String comment, int id) {
        this.name = Objects.requireNonNull(name, "name");
        this.type = Objects.requireNonNull(type, "type");
        this.comment = comment == null ? "" : comment;
        this.id = id;
    }

    public String name() {
        return name;
    }

    public DataType type() {
        return type;
    }

    public String comment() {
        return comment;
    }

    /** Given by the store, kept through every change of the table, unique among its columns and their fields; -1: not given yet. */
    public int id() {
        return id;
    }

    /** Ids do not count. */
    @Override
    public boolean equals(Object other) {
        if (!(other instanceof Column)) {
            return false;
        }
        Column that = (Column) other;
        return name.equals(that.name) && type.equals(that.type) && comment.equals(that.comment);
    }

    @Override
    public int hashCode() {
        return Objects.hash(name, type, comment);
    }

    @Override
    public String toString() {
        return "`" + name + "` " + type;
    }
}
