package io.fluss.client;

/** A table as the store has it. */
public final class TableInfo {
    private final TablePath path;
    private final long tableId;
    private final int schemaId;
    private final TableDescriptor descriptor;
    private final long createdMs;

    public TableInfo(TablePath path, long tableId, int schemaId, TableDescriptor descriptor, long createdMs) {
        this.path = path;
        this.tableId = tableId;
        this.schemaId = schemaId;
        this.descriptor = descriptor;
        this.createdMs = createdMs;
    }

    public TablePath path() {
        return path;
    }

    /** Never given twice: a table that is dropped and created again has another id. */
    public long tableId() {
        return tableId;
    }

    public int schemaId() {
        return schemaId;
    }

    /** With the defaults filled in; key columns are NOT NULL. */
    public TableDescriptor descriptor() {
        return descriptor;
    }

    /** Milliseconds since the epoch. */
    public long createdMs() {
        return createdMs;
    }

    public int bucketCount() {
        return descriptor.bucketCount();
    }

    public boolean hasPrimaryKey() {
        return descriptor.hasPrimaryKey();
    }

    @Override
    public String toString() {
        return path + " (id " + tableId + ") " + descriptor;
    }
}
