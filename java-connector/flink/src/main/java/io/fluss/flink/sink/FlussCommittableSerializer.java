package io.fluss.flink.sink;

import java.io.IOException;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/** The bytes of the store, which have a version, a checksum and the rest of their own. */
final class FlussCommittableSerializer implements SimpleVersionedSerializer<FlussCommittable> {
    static final FlussCommittableSerializer INSTANCE = new FlussCommittableSerializer();

    private static final int VERSION = 0;

    private FlussCommittableSerializer() {}

    @Override
    public int getVersion() {
        return VERSION;
    }

    @Override
    public byte[] serialize(FlussCommittable committable) {
        return committable.bytes();
    }

    @Override
    public FlussCommittable deserialize(int version, byte[] serialized) throws IOException {
        if (version != VERSION) {
            throw new IOException("the checkpoint has committables of version " + version
                    + ", and this connector reads version " + VERSION + "; restore it with the connector that wrote it");
        }
        return new FlussCommittable(serialized);
    }
}
