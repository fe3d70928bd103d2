package io.fluss.flink.lookup;

import io.fluss.client.Lookuper;
import io.fluss.client.Probe;
import io.fluss.flink.row.KeyEncoder;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Collections;
import org.apache.flink.core.memory.MemorySegmentFactory;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.binary.BinaryRowData;

/** Looks up one key in the calling thread, without columns in between. Any thread. */
final class KeyProbe implements AutoCloseable {
    private final Probe probe;
    private final KeyEncoder encoder;
    private final LookupTarget target;
    private final FileReads files = new FileReads(System::nanoTime);
    private long answered;

    private KeyProbe(Probe probe, KeyEncoder encoder, LookupTarget target) {
        this.probe = probe;
        this.encoder = encoder;
        this.target = target;
    }

    /** @return null: there are types that it does not know, or not every row counts */
    static KeyProbe of(Lookuper lookuper, LookupTarget target) {
        Probe probe = lookuper.newProbe();
        if (probe == null) {
            return null;
        }
        KeyEncoder encoder = OpenLookup.keyEncoder(target.keys, probe.memory());
        if (encoder == null) {
            probe.close();
            return null;
        }
        return new KeyProbe(probe, encoder, target);
    }

    /** @return the rows, which others may keep; null: the key has to be looked up in another way */
    synchronized Collection<RowData> find(RowData keyRow) {
        return find(keyRow, false);
    }

    /** The same; null also if files would have to be read that are slow. */
    synchronized Collection<RowData> findFast(RowData keyRow) {
        boolean mayRead = files.begin();
        Collection<RowData> found = find(keyRow, !mayRead);
        if (mayRead) {
            files.end();
        }
        return found;
    }

    private Collection<RowData> find(RowData keyRow, boolean inMemory) {
        int keyLength = encoder.write(keyRow);
        if (keyLength == KeyEncoder.TOO_LONG) {
            return null;
        }
        int length = inMemory ? probe.findInMemory(keyLength) : probe.find(keyLength);
        if (length == Probe.UNKNOWN) {
            return null;
        }
        answered++;
        return length == Probe.MISSING ? Collections.emptyList() : target.keys.matching(keyRow, Collections.singletonList(row(length)));
    }

    /** Keys whose rows were found here, or known to be missing. */
    synchronized long answered() {
        return answered;
    }

    private RowData row(int length) {
        byte[] bytes = new byte[length];
        ByteBuffer memory = probe.memory();
        memory.clear();
        memory.get(bytes);
        BinaryRowData row = new BinaryRowData(target.arity());
        row.pointTo(MemorySegmentFactory.wrap(bytes), 0, length);
        return row;
    }

    @Override
    public void close() {
        probe.close();
    }
}
