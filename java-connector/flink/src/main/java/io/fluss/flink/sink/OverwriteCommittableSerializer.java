package io.fluss.flink.sink;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/** Number of committables, each with its length; number of values, each key and value as modified UTF-8. */
final class OverwriteCommittableSerializer implements SimpleVersionedSerializer<OverwriteCommittable> {
    static final OverwriteCommittableSerializer INSTANCE = new OverwriteCommittableSerializer();

    private static final int VERSION = 0;

    private OverwriteCommittableSerializer() {}

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(OverwriteCommittable committable) throws IOException {
        DataOutputSerializer out = new DataOutputSerializer(256);
        out.writeInt(committable.prepared().size());
        for (byte[] prepared : committable.prepared()) {
            out.writeInt(prepared.length);
            out.write(prepared);
        }
        out.writeInt(committable.partition().size());
        for (Map.Entry<String, String> value : committable.partition().entrySet()) {
            out.writeUTF(value.getKey());
            out.writeUTF(value.getValue());
        }
        return out.getCopyOfBuffer();
    }

    @Override
    public OverwriteCommittable deserialize(int version, byte[] serialized) throws IOException {
        if (version != VERSION) {
            throw new IOException("an overwrite has committables of version " + version + ", and this connector reads version "
                    + VERSION + "; run the statement again");
        }
        DataInputDeserializer in = new DataInputDeserializer(serialized);
        List<byte[]> prepared = new ArrayList<>();
        for (int left = in.readInt(); left > 0; left--) {
            byte[] bytes = new byte[in.readInt()];
            in.readFully(bytes);
            prepared.add(bytes);
        }
        Map<String, String> partition = new TreeMap<>();
        for (int left = in.readInt(); left > 0; left--) {
            partition.put(in.readUTF(), in.readUTF());
        }
        return new OverwriteCommittable(prepared, partition);
    }
}
