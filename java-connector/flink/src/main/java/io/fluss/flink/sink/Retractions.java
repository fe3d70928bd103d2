package io.fluss.flink.sink;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.runtime.typeutils.InternalSerializers;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;

/**
 * The keys of the -U whose next row has not come yet: before the +U of the same key a -U says nothing, else it is a delete. Alone it comes
 * where an update takes a row out of a filter, or gives it another key. Rows of other keys may come between the two, from other
 * subtasks.
 */
final class Retractions {
    private final int[] keyIndexes;
    private final int columns;
    private final RowData.FieldGetter[] getters;
    private final TypeSerializer<Object>[] serializers;
    /** Rows that have their key only, in the order in which they came, and at which round. */
    private final Map<GenericRowData, Integer> waiting = new LinkedHashMap<>();

    private int round;

    @SuppressWarnings({"unchecked", "rawtypes"})
    Retractions(RowType rowType, int[] keyIndexes) {
        this.keyIndexes = keyIndexes.clone();
        this.columns = rowType.getFieldCount();
        this.getters = new RowData.FieldGetter[keyIndexes.length];
        this.serializers = new TypeSerializer[keyIndexes.length];
        for (int i = 0; i < keyIndexes.length; i++) {
            LogicalType type = rowType.getTypeAt(keyIndexes[i]);
            getters[i] = RowData.createFieldGetter(type, keyIndexes[i]);
            serializers[i] = InternalSerializers.create(type);
        }
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    int size() {
        return waiting.size();
    }

    void add(RowData updateBefore) {
        GenericRowData key = keyOf(updateBefore);
        for (int i = 0; i < keyIndexes.length; i++) {
            Object value = key.getField(keyIndexes[i]);
            key.setField(keyIndexes[i], value == null ? null : serializers[i].copy(value));
        }
        waiting.put(key, round);
    }

    /** Ends the waiting of the key of a row. @return whether it waited */
    boolean take(RowData row) {
        return waiting.remove(keyOf(row)) != null;
    }

    /** Ends the waiting of all. */
    List<RowData> takeAll() {
        return takeWhile(since -> true);
    }

    /** Ends the waiting of those that came before the last call. */
    List<RowData> takeOld() {
        int last = round++;
        return takeWhile(since -> since < last);
    }

    private List<RowData> takeWhile(Predicate<Integer> since) {
        List<RowData> taken = new ArrayList<>();
        Iterator<Map.Entry<GenericRowData, Integer>> oldest = waiting.entrySet().iterator();
        while (oldest.hasNext()) {
            Map.Entry<GenericRowData, Integer> next = oldest.next();
            if (!since.test(next.getValue())) {
                break;
            }
            taken.add(next.getKey());
            oldest.remove();
        }
        return taken;
    }

    private GenericRowData keyOf(RowData row) {
        GenericRowData key = new GenericRowData(columns);
        for (int i = 0; i < keyIndexes.length; i++) {
            key.setField(keyIndexes[i], getters[i].getFieldOrNull(row));
        }
        return key;
    }
}
