package io.fluss.flink.lookup;

import io.fluss.client.TableDescriptor;
import io.fluss.client.TablePath;
import io.fluss.flink.row.TypeConversion;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/**
 * How the join keys, which come in the planner's order, make the primary key or the beginning of it; those beyond are compared
 * with the rows that were found.
 */
final class LookupKeys implements Serializable {
    private static final long serialVersionUID = 1L;

    /** The columns of a prefix lookup; null: the primary key is given. */
    private final ArrayList<String> prefix;
    /** Field of the key row for every column that is asked by, in their order. */
    private final int[] keyFields;
    /** Of those columns that are always the same, the value, as a filter has it; the others are null. */
    private final Serializable[] keyConstants;

    private final LogicalType[] keyTypes;
    /** Fields of the key row that are not asked by, and the fields of the projected row they must equal. */
    private final int[] extraFields;

    private final int[] extraRowFields;
    private final LogicalType[] extraTypes;

    private LookupKeys(
            ArrayList<String> prefix,
            int[] keyFields,
            Serializable[] keyConstants,
            LogicalType[] keyTypes,
            int[] extraFields,
            int[] extraRowFields,
            LogicalType[] extraTypes) {
        this.prefix = prefix;
        this.keyFields = keyFields;
        this.keyConstants = keyConstants;
        this.keyTypes = keyTypes;
        this.extraFields = extraFields;
        this.extraRowFields = extraRowFields;
        this.extraTypes = extraTypes;
    }

    /**
     * By the whole primary key, or by the columns that say the bucket, where they begin the primary key.
     *
     * @param rowType all columns of the table
     * @param projection paths of the fields that are found, in {@code rowType}
     * @param constants by name of a column the value that a filter asks for
     * @param lookupKeys positions of the join keys in {@code projection}
     */
    static LookupKeys of(
            TablePath path,
            TableDescriptor table,
            RowType rowType,
            int[][] projection,
            Map<String, Serializable> constants,
            int[] lookupKeys) {
        List<String> names = new ArrayList<>();
        for (int key : lookupKeys) {
            names.add(nameOf(rowType, projection[key]));
        }
        if (!table.hasPrimaryKey()) {
            throw new ValidationException("Table " + path + " is a log table. The Fluss lookup function supports"
                    + " primary-key tables only; lookup keys are " + names + ".");
        }
        List<String> prefix = table.prefixKey();
        boolean byKey = table.primaryKey().stream().allMatch(key -> names.contains(key) || constants.containsKey(key));
        boolean byPrefix = !byKey && !prefix.isEmpty();
        List<String> columns = byPrefix ? prefix : table.primaryKey();
        int[] keyFields = new int[columns.size()];
        Serializable[] keyConstants = new Serializable[keyFields.length];
        LogicalType[] keyTypes = new LogicalType[columns.size()];
        boolean[] used = new boolean[lookupKeys.length];
        for (int i = 0; i < keyFields.length; i++) {
            String column = columns.get(i);
            keyTypes[i] = rowType.getTypeAt(table.columnIndex(column));
            int field = names.indexOf(column);
            if (field < 0 && constants.containsKey(column)) {
                keyConstants[i] = constants.get(column);
                continue;
            }
            if (field < 0) {
                throw new ValidationException("The Fluss lookup function supports lookup tables where the lookup keys"
                        + " include all primary keys" + (byPrefix ? " or all bucket keys" : "")
                        + ". Can't find expected key '" + column + "' in lookup keys " + names + " of table " + path
                        + (byPrefix ? "" : ", whose 'bucket.key' is no beginning of its primary key"));
            }
            keyFields[i] = field;
            used[field] = true;
        }
        int extras = 0;
        for (boolean isUsed : used) {
            extras += isUsed ? 0 : 1;
        }
        int[] extraFields = new int[extras];
        int[] extraRowFields = new int[extras];
        LogicalType[] extraTypes = new LogicalType[extras];
        int next = 0;
        for (int i = 0; i < lookupKeys.length; i++) {
            if (!used[i]) {
                extraFields[next] = i;
                extraRowFields[next] = lookupKeys[i];
                extraTypes[next++] = TypeConversion.typeOf(rowType, projection[lookupKeys[i]]);
            }
        }
        return new LookupKeys(
                byPrefix ? new ArrayList<>(prefix) : null, keyFields, keyConstants, keyTypes, extraFields, extraRowFields, extraTypes);
    }

    /** The name of a column, or of a field within with those of the ROWs around it. */
    static String nameOf(RowType rowType, int[] path) {
        StringBuilder name = new StringBuilder();
        LogicalType type = rowType;
        for (int step : path) {
            name.append(name.length() == 0 ? "" : ".").append(((RowType) type).getFieldNames().get(step));
            type = ((RowType) type).getTypeAt(step);
        }
        return name.toString();
    }

    int size() {
        return keyFields.length;
    }

    /** The columns of a prefix lookup, which may find many rows; null: the whole primary key is given, which finds one at most. */
    List<String> prefix() {
        return prefix;
    }

    /** Field of the key row that holds column {@code i} of those that are asked by. */
    int field(int i) {
        return keyFields[i];
    }

    /** Its value as a filter has it, if it is always the same; else null. */
    Serializable constant(int i) {
        return keyConstants[i];
    }

    LogicalType type(int i) {
        return keyTypes[i];
    }

    /** Whether a join key is NULL, which equals nothing. */
    boolean hasNull(RowData keyRow) {
        for (int i = 0; i < keyRow.getArity(); i++) {
            if (keyRow.isNullAt(i)) {
                return true;
            }
        }
        return false;
    }

    /** Of the rows that were found those that have the values of the join keys beyond what was asked by. */
    Collection<RowData> matching(RowData keyRow, Collection<RowData> found) {
        if (extraFields.length == 0) {
            return found;
        }
        List<RowData> matching = new ArrayList<>(found);
        matching.removeIf(row -> !matches(keyRow, row));
        return matching;
    }

    private boolean matches(RowData keyRow, RowData found) {
        for (int i = 0; i < extraFields.length; i++) {
            Object wanted = RowData.createFieldGetter(extraTypes[i], extraFields[i]).getFieldOrNull(keyRow);
            Object value = RowData.createFieldGetter(extraTypes[i], extraRowFields[i]).getFieldOrNull(found);
            if (value == null || !Objects.deepEquals(wanted, value)) {
                return false;
            }
        }
        return true;
    }
}
