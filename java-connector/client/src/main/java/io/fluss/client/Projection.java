package io.fluss.client;

import io.fluss.client.proto.ProtoWriter;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;

/** Columns to be read, in the order wanted, or fields within columns of type ROW; a field is NULL where a ROW around it is. May be empty. */
public final class Projection implements Serializable {
    private static final long serialVersionUID = 1L;

    private final int[][] paths;

    private Projection(int[][] paths) {
        this.paths = paths;
    }

    /** Whole columns, by their positions. */
    public static Projection of(int... columns) {
        int[][] paths = new int[columns.length][];
        Arrays.setAll(paths, i -> new int[] {columns[i]});
        return new Projection(paths);
    }

    /** @param paths each the position of a column, then the positions of fields within it */
    public static Projection ofPaths(int[][] paths) {
        int[][] copies = new int[paths.length][];
        Arrays.setAll(copies, i -> paths[i].clone());
        return new Projection(copies);
    }

    /** How many columns a batch has. */
    public int size() {
        return paths.length;
    }

    /** The types that the columns of a batch have. @throws InvalidArgumentException if there is no such column or field */
    public DataType[] types(List<Column> columns) {
        DataType[] types = new DataType[paths.length];
        Arrays.setAll(types, i -> type(columns, paths[i]));
        return types;
    }

    private static DataType type(List<Column> columns, int[] path) {
        List<Column> siblings = columns;
        DataType type = null;
        boolean nullable = false;
        for (int position : path) {
            if (position < 0 || position >= siblings.size()) {
                throw FlussException.invalid("projection of column " + position + " of those of " + siblings);
            }
            type = siblings.get(position).type();
            nullable |= type.isNullable();
            siblings = type.fields();
        }
        if (type == null) {
            throw FlussException.invalid("projection of an empty path");
        }
        return type.withNullable(nullable);
    }

    /** Writes {@code repeated ColumnPath}. */
    void write(ProtoWriter writer, int field) {
        for (int[] path : paths) {
            writer.message(field, path(path));
        }
    }

    /** ColumnPath. */
    static ProtoWriter path(int... path) {
        return new ProtoWriter().packed(1, path);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Projection && Arrays.deepEquals(paths, ((Projection) other).paths);
    }

    @Override
    public int hashCode() {
        return Arrays.deepHashCode(paths);
    }

    @Override
    public String toString() {
        return Arrays.deepToString(paths);
    }
}
