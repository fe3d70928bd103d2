package io.fluss.client;

/**
 * An error of the store. {@link #code()} is stable and listed in {@code native/types/src/error.rs}; {@code code / 100} is
 * the kind and chooses the subclass. Decide on the class or the code, never on the text of the message.
 */
public class FlussException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Code of an argument that was refused on the Java side, before a native was called. */
    public static final int INVALID_ARGUMENT = 100;

    /** Code of a NULL in a key column. */
    public static final int NULL_KEY = 104;

    /** Code of a partition that is not there, or no more. */
    public static final int PARTITION_NOT_FOUND = 206;

    /** The log does not have the offset, or the time, that was asked for. */
    public static final int LOG_TRUNCATED = 401;

    /** Code of a use after close. */
    public static final int CLOSED = 801;

    /** Code of a failure that has no cause the caller could mend. */
    public static final int INTERNAL = 900;

    /** Code of a panic in native code. */
    public static final int PANIC = 901;

    private final int code;
    private final boolean retryable;

    protected FlussException(int code, boolean retryable, String message) {
        super(message);
        this.code = code;
        this.retryable = retryable;
    }

    /** Stable number of the cause. */
    public final int code() {
        return code;
    }

    /** Whether the same call may succeed later without any change by the caller. */
    public final boolean retryable() {
        return retryable;
    }

    /** Makes the exception of the class that the code's kind asks for: the one table of codes and classes. */
    public static FlussException of(int code, boolean retryable, String message) {
        switch (code / 100) {
            case 1:
                return new InvalidArgumentException(code, retryable, message);
            case 2:
                return new NotFoundException(code, retryable, message);
            case 3:
                return new AlreadyExistsException(code, retryable, message);
            case 4:
                return new FencedException(code, retryable, message);
            case 5:
                return new UnavailableException(code, retryable, message);
            case 6:
                return new CorruptException(code, retryable, message);
            case 7:
                return new ExhaustedException(code, retryable, message);
            case 8:
                return new ClosedException(code, retryable, message);
            case 9:
                return code == PANIC
                        ? new NativePanicException(code, retryable, message)
                        : new InternalException(code, retryable, message);
            default:
                return new InternalException(
                        code, retryable, message + " (error code " + code + " is not known to this client version)");
        }
    }

    static ClosedException closed(String what) {
        return new ClosedException(CLOSED, false, what + " is closed; open it again to use it");
    }

    static InvalidArgumentException invalid(String message) {
        return new InvalidArgumentException(INVALID_ARGUMENT, false, message);
    }
}
