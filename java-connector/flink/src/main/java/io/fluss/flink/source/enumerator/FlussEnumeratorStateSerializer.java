package io.fluss.flink.source.enumerator;

import io.fluss.flink.source.split.FlussSplit;
import io.fluss.flink.source.split.FlussSplitSerializer;

import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The enumerator's state in checkpoints. Version 1: table id (i64), planned (bool), number of partitions (i32) and
 * their ids (i32 each, ascending), number of splits (i32), then for each the
 * version of {@link FlussSplitSerializer} (i32), length (i32) and bytes. Version 0 had no partitions.
 */
public final class FlussEnumeratorStateSerializer implements SimpleVersionedSerializer<FlussEnumeratorState> {
    public static final FlussEnumeratorStateSerializer INSTANCE = new FlussEnumeratorStateSerializer();

    private static final int VERSION = 1;

    private FlussEnumeratorStateSerializer() {}

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(FlussEnumeratorState state) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        out.writeLong(state.tableId());
        out.writeBoolean(state.isPlanned());
        out.writeInt(state.partitions().size());
        for (int partition : state.partitions()) {
            out.writeInt(partition);
        }
        out.writeInt(state.unassigned().size());
        for (FlussSplit split : state.unassigned()) {
            byte[] bytes = FlussSplitSerializer.INSTANCE.serialize(split);
            out.writeInt(FlussSplitSerializer.INSTANCE.getVersion());
            out.writeInt(bytes.length);
            out.write(bytes);
        }
        return out.getCopyOfBuffer();
    }

    @Override
    public FlussEnumeratorState deserialize(int version, byte[] bytes) throws IOException {
        if (version < 0 || version > VERSION) {
            throw new IOException(
                    "The state of a source of version " + version + " is in the checkpoint; this connector reads versions up to "
                            + VERSION + ". Restore with the connector that wrote it, or a later one.");
        }
        DataInputDeserializer in = new DataInputDeserializer(bytes);
        long tableId = in.readLong();
        boolean planned = in.readBoolean();
        Set<Integer> partitions = new TreeSet<>();
        for (int i = version == 0 ? 0 : in.readInt(); i > 0; i--) {
            partitions.add(in.readInt());
        }
        int count = in.readInt();
        List<FlussSplit> unassigned = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int splitVersion = in.readInt();
            int length = in.readInt();
            if (length < 0 || length > in.available()) {
                throw new IOException("The state of a source in the checkpoint is damaged: a split of " + length + " bytes.");
            }
            byte[] split = new byte[length];
            in.readFully(split);
            unassigned.add(FlussSplitSerializer.INSTANCE.deserialize(splitVersion, split));
        }
        return new FlussEnumeratorState(tableId, planned, partitions, unassigned);
    }
}
