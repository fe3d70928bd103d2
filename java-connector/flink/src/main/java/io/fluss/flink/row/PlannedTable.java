package io.fluss.flink.row;

import io.fluss.client.Connection;
import io.fluss.client.NotFoundException;
import io.fluss.client.Table;
import io.fluss.client.TablePath;
import org.apache.flink.table.types.logical.RowType;

/** Opens the table that a job was planned with, and no other that has its name by now. */
public final class PlannedTable {
    private PlannedTable() {}

    /** That there is only another table of the name by now. */
    public static UnrecoverableException madeAgain(TablePath path, long tableId, long found) {
        return new UnrecoverableException("Table " + path + " was dropped and created again since the job was planned"
                + " (table id " + tableId + ", now " + found + "). Submit the job again.");
    }

    /** That a checkpoint is of a table which is there no more, only one that has its name. */
    public static UnrecoverableException restoredFromAnother(TablePath path, long tableId, long restored) {
        return new UnrecoverableException("Table ID mismatch: expected " + tableId + ", but split contains " + restored
                + " for table '" + path + "'. This usually happens when a table with the same name was dropped and recreated"
                + " between job runs. Please restart the job without using the previous savepoint or checkpoint.");
    }

    /**
     * @param tableId of the table that the job was planned with
     * @param columns of it, see {@link SchemaCheck#sameColumns}
     * @throws UnrecoverableException if it was dropped, perhaps made again: its rows, and offsets of it, are gone for good
     */
    public static Table open(Connection connection, TablePath path, long tableId, RowType columns) {
        Table table;
        try {
            table = connection.table(path);
        } catch (NotFoundException e) {
            throw new UnrecoverableException("Table " + path + " was dropped since the job was planned: " + e.getMessage(), e);
        }
        try {
            long found = table.info().tableId();
            if (found != tableId) {
                throw madeAgain(path, tableId, found);
            }
            SchemaCheck.sameColumns(table.info(), columns);
            return table;
        } catch (RuntimeException e) {
            table.close();
            throw e;
        }
    }
}
