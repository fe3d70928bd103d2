package io.fluss.client;

import java.util.Objects;

/** A column of a table. */
public final class Column {
    private final String name;
    private final DataType type;
    private final String comment;

    public Column(String name, DataType type) {
        this(name, type, "");
    }

    /** @param comment may be empty */
    public Column(String name, DataType type, String comment) {
        this.name = Objects.requireNonNull(name, "name");
        this.type = Objects.requireNonNull(type, "type");
        this.comment = comment == null ? "" : comment;
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
