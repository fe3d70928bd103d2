package io.fluss.flink.source.split;

import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.core.memory.DataOutputView;

import java.io.IOException;

/**
 * Splits in checkpoints. Version 3: kind (i8), table id (i64), partition id (i32; 0: the table has none), bucket (i32), then
 * log: starting offset, stopping offset (i64);
 * snapshot: id (UTF), position (i32 length and bytes), rows emitted (i64), as of offset (i64; -1: not earlier);
 * hybrid: the same without the last, snapshot finished (bool), log offset (i64).
 * Version 2 had no table id, version 1 no as of offset either, version 0 no partition id.
 */
public final class FlussSplitSerializer implements SimpleVersionedSerializer<FlussSplit> {
    public static final FlussSplitSerializer INSTANCE = new FlussSplitSerializer();

    static final int VERSION = 3;

    private static final byte LOG = 0;
    private static final byte SNAPSHOT = 1;
    private static final byte HYBRID = 2;

    private FlussSplitSerializer() {}

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(FlussSplit split) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(64);
        write(split, out);
        return out.getCopyOfBuffer();
    }

    @Override
    public FlussSplit deserialize(int version, byte[] bytes) throws IOException {
        if (version < 0 || version > VERSION) {
            throw new IOException(
                    "A split of version " + version + " is in the checkpoint; this connector reads versions up to " + VERSION
                            + ". Restore with the connector that wrote it, or a later one.");
        }
        DataInputDeserializer in = new DataInputDeserializer(bytes);
        FlussSplit split = read(version, in);
        if (in.available() != 0) {
            throw new IOException("A split in the checkpoint has " + in.available() + " bytes too many: it is damaged.");
        }
        return split;
    }

    private static void write(FlussSplit split, DataOutputView out) throws IOException {
        if (split instanceof LogSplit) {
            LogSplit log = (LogSplit) split;
            out.writeByte(LOG);
            writeBucket(log, out);
            out.writeLong(log.startingOffset());
            out.writeLong(log.stoppingOffset());
        } else if (split instanceof SnapshotSplit) {
            SnapshotSplit snapshot = (SnapshotSplit) split;
            out.writeByte(SNAPSHOT);
            writeBucket(snapshot, out);
            writeSnapshot(snapshot.snapshotId(), snapshot.position(), out);
            out.writeLong(snapshot.asOfOffset());
        } else if (split instanceof HybridSnapshotLogSplit) {
            HybridSnapshotLogSplit hybrid = (HybridSnapshotLogSplit) split;
            out.writeByte(HYBRID);
            writeBucket(hybrid, out);
            writeSnapshot(hybrid.snapshotId(), hybrid.position(), out);
            out.writeBoolean(hybrid.isSnapshotFinished());
            out.writeLong(hybrid.logOffset());
        } else {
            throw new IOException("A split of " + split.getClass() + " cannot be written.");
        }
    }

    private static FlussSplit read(int version, DataInputView in) throws IOException {
        byte kind = in.readByte();
        long tableId = version < 3 ? FlussSplit.UNKNOWN_TABLE : in.readLong();
        TableBucket bucket = new TableBucket(version == 0 ? 0 : in.readInt(), in.readInt());
        switch (kind) {
            case LOG:
                return new LogSplit(tableId, bucket, in.readLong(), in.readLong());
            case SNAPSHOT:
                return new SnapshotSplit(
                        tableId,
                        bucket,
                        in.readUTF(),
                        readPosition(in),
                        version < 2 ? SnapshotSplit.NOT_EARLIER : in.readLong());
            case HYBRID:
                return new HybridSnapshotLogSplit(
                        tableId, bucket, in.readUTF(), readPosition(in), in.readBoolean(), in.readLong());
            default:
                throw new IOException("A split of kind " + kind + " is in the checkpoint: it is damaged.");
        }
    }

    private static void writeBucket(FlussSplit split, DataOutputView out) throws IOException {
        out.writeLong(split.tableId());
        out.writeInt(split.bucket().partitionId());
        out.writeInt(split.bucket().bucket());
    }

    private static void writeSnapshot(String id, SnapshotPosition position, DataOutputView out) throws IOException {
        out.writeUTF(id);
        out.writeInt(position.position().length);
        out.write(position.position());
        out.writeLong(position.rowsEmitted());
    }

    private static SnapshotPosition readPosition(DataInputView in) throws IOException {
        int length = in.readInt();
        // A key is at most a row, 16 MiB: more is damage, and must not become an allocation.
        if (length < 0 || length > (16 << 20)) {
            throw new IOException("A split in the checkpoint has a position of " + length + " bytes: it is damaged.");
        }
        byte[] position = new byte[length];
        in.readFully(position);
        return new SnapshotPosition(position, in.readLong());
    }
}
