package io.fluss.client;

import io.fluss.client.proto.ProtoWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What {@link Admin#alterTable} changes, all of it or nothing. Nothing stored is rewritten. A path names a column and, within it, fields
 * of a ROW; {@code element} and {@code value} step into ARRAY and MAP.
 */
public final class TableAlteration {
    private final List<ProtoWriter> changes;
    private final Map<String, String> setOptions;
    private final List<String> resetOptions;
    private final Map<String, String> customProperties;
    private final String comment;
    private final Integer expectedSchemaId;

    private TableAlteration(Builder builder) {
        changes = List.copyOf(builder.changes);
        setOptions = new LinkedHashMap<>(builder.setOptions);
        resetOptions = List.copyOf(builder.resetOptions);
        customProperties = builder.customProperties;
        comment = builder.comment;
        expectedSchemaId = builder.expectedSchemaId;
    }

    public static Builder builder() {
        return new Builder();
    }

    ProtoWriter message(TablePath path) {
        ProtoWriter writer = new ProtoWriter().message(1, Messages.path(path));
        changes.forEach(change -> writer.message(2, change));
        writer.map(3, setOptions).strings(4, resetOptions);
        if (customProperties != null) {
            writer.message(5, new ProtoWriter().map(1, customProperties));
        }
        if (comment != null) {
            writer.element(6, comment);
        }
        if (expectedSchemaId != null) {
            writer.present(7, expectedSchemaId);
        }
        return writer;
    }

    /** Changes of columns are made in the order of the calls. */
    public static final class Builder {
        private final List<ProtoWriter> changes = new ArrayList<>();
        private final Map<String, String> setOptions = new LinkedHashMap<>();
        private final List<String> resetOptions = new ArrayList<>();
        private Map<String, String> customProperties;
        private String comment;
        private Integer expectedSchemaId;

        private Builder() {}

        /** Adds a column at the end. It must be nullable: rows that are stored have NULL there. */
        public Builder addColumn(Column column) {
            return addField(List.of(), column);
        }

        /** Adds a field at the end of the ROW that {@code parent} names. */
        public Builder addField(List<String> parent, Column field) {
            return change(1, new ProtoWriter().strings(1, parent).message(2, Messages.column(field)));
        }

        public Builder drop(String... path) {
            return change(2, new ProtoWriter().strings(1, List.of(path)));
        }

        public Builder rename(List<String> path, String name) {
            return change(3, new ProtoWriter().strings(1, path).string(2, name));
        }

        /** To a type that holds every value of the present one. */
        public Builder widen(List<String> path, DataType type) {
            return change(4, new ProtoWriter().strings(1, path).message(2, Messages.type(type)));
        }

        /** Behind its sibling {@code after}; null: to the first place. */
        public Builder move(List<String> path, String after) {
            ProtoWriter move = new ProtoWriter().strings(1, path);
            return change(5, after == null ? move : move.element(2, after));
        }

        /** @param comment may be empty */
        public Builder describe(List<String> path, String comment) {
            return change(6, new ProtoWriter().strings(1, path).string(2, comment));
        }

        public Builder setOption(String key, String value) {
            setOptions.put(key, value);
            return this;
        }

        /** Back to the default. */
        public Builder resetOption(String key) {
            resetOptions.add(key);
            return this;
        }

        /** In place of all there are. */
        public Builder customProperties(Map<String, String> properties) {
            customProperties = new LinkedHashMap<>(properties);
            return this;
        }

        public Builder comment(String value) {
            comment = value;
            return this;
        }

        /** Refuse (code 106) if the table has another schema by now. */
        public Builder expectedSchemaId(int schemaId) {
            expectedSchemaId = schemaId;
            return this;
        }

        public TableAlteration build() {
            return new TableAlteration(this);
        }

        private Builder change(int kind, ProtoWriter body) {
            changes.add(new ProtoWriter().message(kind, body));
            return this;
        }
    }
}
