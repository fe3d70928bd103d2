package io.fluss.flink.table;

import io.fluss.client.TableDescriptor;
import io.fluss.flink.table.FlussConnectorOptions.ChangelogImage;
import io.fluss.flink.table.FlussConnectorOptions.DeleteBehavior;
import io.fluss.flink.table.FlussConnectorOptions.MergeEngine;

import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.types.RowKind;

import java.io.Serializable;

/** What a table makes of an old and a new row of one key, as far as Flink has to know. */
public final class MergeBehavior implements Serializable {
    private static final long serialVersionUID = 1L;

    private final boolean primaryKeyTable;
    /** Null: the later row replaces the earlier one. */
    private final MergeEngine engine;
    private final DeleteBehavior deletes;
    private final ChangelogImage image;
    private final boolean rowsExpire;

    private MergeBehavior(
            boolean primaryKeyTable,
            MergeEngine engine,
            DeleteBehavior deletes,
            ChangelogImage image,
            boolean rowsExpire) {
        this.primaryKeyTable = primaryKeyTable;
        this.engine = engine;
        this.deletes = deletes;
        this.image = image;
        this.rowsExpire = rowsExpire;
    }

    /** Of a table as the store has it, where the default of a merge engine's deletes is filled in. */
    public static MergeBehavior of(TableDescriptor stored) {
        Configuration options = Configuration.fromMap(stored.options());
        return new MergeBehavior(
                stored.hasPrimaryKey(),
                options.get(FlussConnectorOptions.TABLE_MERGE_ENGINE),
                options.get(FlussConnectorOptions.TABLE_DELETE_BEHAVIOR),
                options.get(FlussConnectorOptions.TABLE_CHANGELOG_IMAGE),
                options.contains(FlussConnectorOptions.TABLE_ROW_TTL));
    }

    /** Null: none. */
    public MergeEngine engine() {
        return engine;
    }

    public DeleteBehavior deletes() {
        return deletes;
    }

    /** Whether the store keeps the number of rows; else it reads them to count them. */
    public boolean countsRows() {
        return !primaryKeyTable || logsRowsBefore();
    }

    /** Whether the log of a primary-key table has the row before each update: -U, and what each key was is known from its first change. */
    public boolean logsRowsBefore() {
        return image == ChangelogImage.FULL && !rowsExpire;
    }

    /**
     * The kinds of rows in the table's log. Without -U before +U the planner keeps the rows of a query that needs them; it has to where
     * rows expire too, since one that is written again after that is a second +I.
     */
    public ChangelogMode changelogMode() {
        if (!primaryKeyTable || engine == MergeEngine.FIRST_ROW && !rowsExpire) {
            return ChangelogMode.insertOnly();
        }
        ChangelogMode.Builder kinds = ChangelogMode.newBuilder();
        kinds.addContainedKind(RowKind.INSERT);
        if (logsRowsBefore()) {
            kinds.addContainedKind(RowKind.UPDATE_BEFORE);
        }
        kinds.addContainedKind(RowKind.UPDATE_AFTER);
        if (deletes == DeleteBehavior.ALLOW) {
            kinds.addContainedKind(RowKind.DELETE);
        }
        return kinds.build();
    }
}
