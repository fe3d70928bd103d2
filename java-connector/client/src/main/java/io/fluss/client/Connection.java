package io.fluss.client;

import io.fluss.client.proto.ProtoWriter;
import io.fluss.jni.Native;
import io.fluss.jni.NativeLibrary;
import java.util.Map;

/**
 * A connection to a store. Connections to the same directory in one process share one engine, whatever class loader they
 * come from; the last one to close closes the store. Any thread.
 */
public final class Connection extends NativeHandle {
    private final String target;
    private final Admin admin = new Admin(this);
    private final Completions completions;

    private Connection(long handle, String target) {
        super(handle);
        this.target = target;
        this.completions = new Completions(handle, target);
    }

    /**
     * @param options {@code data.dir} and engine options by name
     * @throws UnavailableException code 501: another process has the directory open
     * @throws InvalidArgumentException an option is unknown or wrong, or the directory is open with other engine options
     */
    public static Connection open(Map<String, String> options) {
        // Here and not in a static initializer, so that what is wrong with it is this call's exception, every time.
        NativeLibrary.load();
        long handle = Native.open(new ProtoWriter().map(1, options).toByteArray());
        return new Connection(handle, String.valueOf(options.get("data.dir")));
    }

    public Admin admin() {
        return admin;
    }

    /**
     * What the store holds now, by name: {@code memory.budget}, of which {@code memory.row-cache}, {@code memory.block-cache},
     * {@code memory.write-buffers}, {@code memory.writers}, {@code memory.readers} and {@code memory.copies} are used, in bytes and of all stores of the
     * process; {@code tablets.open};
     * {@code retention.failures}.
     */
    public Map<String, Long> metrics() {
        return Messages.metrics(Native.metrics(handle()));
    }

    /** Opens a table. @throws NotFoundException code 202 */
    public Table table(TablePath path) {
        return new Table(this, admin.getTable(path));
    }

    /** Every asynchronous call that was accepted has completed, exceptionally if it had not yet, when this returns. */
    @Override
    void free(long value) {
        try {
            Native.close(value);
        } finally {
            completions.closed();
        }
    }

    @Override
    String describe() {
        return "the connection to " + target;
    }

    Completions completions() {
        return completions;
    }
}
