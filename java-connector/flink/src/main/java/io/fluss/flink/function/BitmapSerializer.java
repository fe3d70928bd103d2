package io.fluss.flink.function;

import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

import java.io.IOException;

/** A {@link Bitmap} in the state of a job: length i32, then the portable format. */
public final class BitmapSerializer extends TypeSerializerSingleton<Bitmap> {
    static final BitmapSerializer INSTANCE = new BitmapSerializer();

    @Override
    public boolean isImmutableType() {
        return false;
    }

    @Override
    public Bitmap createInstance() {
        return new Bitmap();
    }

    @Override
    public Bitmap copy(Bitmap from) {
        return from.copy();
    }

    @Override
    public Bitmap copy(Bitmap from, Bitmap reuse) {
        return from.copy();
    }

    @Override
    public int getLength() {
        return -1;
    }

    @Override
    public void serialize(Bitmap bitmap, DataOutputView target) throws IOException {
        byte[] bytes = bitmap.toBytes();
        target.writeInt(bytes.length);
        target.write(bytes);
    }

    @Override
    public Bitmap deserialize(DataInputView source) throws IOException {
        byte[] bytes = new byte[source.readInt()];
        source.readFully(bytes);
        return Bitmap.fromBytes(bytes);
    }

    @Override
    public Bitmap deserialize(Bitmap reuse, DataInputView source) throws IOException {
        return deserialize(source);
    }

    @Override
    public void copy(DataInputView source, DataOutputView target) throws IOException {
        int length = source.readInt();
        target.writeInt(length);
        target.write(source, length);
    }

    @Override
    public TypeSerializerSnapshot<Bitmap> snapshotConfiguration() {
        return new Snapshot();
    }

    /** Says that there is nothing to configure. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<Bitmap> {
        public Snapshot() {
            super(() -> INSTANCE);
        }
    }
}
