package io.fluss.flink.lookup;

import io.fluss.client.TablePath;
import io.fluss.flink.row.TypeConversion;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/**
 * How the join keys, which come in the planner's order, make the primary key; those beyond it are compared with the row
 * that was found.
 */
final class LookupKeys implements Serializable {
    private static final long serialVersionUID = 1L;

    /** Field of the key row for every column of the primary key, in key order. */
    private final int[] keyFields;

    private final LogicalType[] keyTypes;
    /** Fields of the key row that are not in the primary key, and the fields of the projected row they must equal. */
    private final int[] extraFields;

    private final int[] extraRowFields;
    private final LogicalType[] extraTypes;

    private LookupKeys(
            int[] keyFields, LogicalType[] keyTypes, int[] extraFields, int[] extraRowFields, LogicalType[] extraTypes) {
        this.keyFields = keyFields;
        this.keyTypes = keyTypes;
        this.extraFields = extraFields;
        this.extraRowFields = extraRowFields;
        this.extraTypes = extraTypes;
    }

    static LookupKeys of(TablePath path, RowType rowType, int[] primaryKey, int[][] projection, int[] lookupKeys) {
        List<String> names = new ArrayList<>();
        for (int key : lookupKeys) {
            names.add(nameOf(rowType, projection[key]));
        }
        if (primaryKey.length == 0) {
            throw new ValidationException("Table " + path + " is a log table. The Fluss lookup function supports"
                    + " primary-key tables only; lookup keys are " + names + ".");
        }
        int[] keyFields = new int[primaryKey.length];
        LogicalType[] keyTypes = new LogicalType[primaryKey.length];
        boolean[] used = new boolean[lookupKeys.length];
        for (int i = 0; i < primaryKey.length; i++) {
            String column = rowType.getFieldNames().get(primaryKey[i]);
            int field = names.indexOf(column);
            if (field < 0) {
                throw new ValidationException("The Fluss lookup function supports lookup tables where the lookup keys"
                        + " include all primary keys. Can't find expected key '" + column + "' in lookup keys " + names
                        + " of table " + path);
            }
            keyFields[i] = field;
            keyTypes[i] = rowType.getTypeAt(primaryKey[i]);
            used[field] = true;
        }
        int extras = lookupKeys.length - primaryKey.length;
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
        return new LookupKeys(keyFields, keyTypes, extraFields, extraRowFields, extraTypes);
    }

    /** The name of a column, or of a field within with those of the ROWs around it. */
    private static String nameOf(RowType rowType, int[] path) {
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

    /** Field of the key row that holds column {@code i} of the primary key. */
    int field(int i) {
        return keyFields[i];
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

    /** Whether the found row has the values of the keys beyond the primary key. */
    boolean matches(RowData keyRow, RowData found) {
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
