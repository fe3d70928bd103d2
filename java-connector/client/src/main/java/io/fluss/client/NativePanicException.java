package io.fluss.client;

/** Error code 901: native code panicked. What it touched is poisoned (code 903 on later calls); the process goes on. */
public final class NativePanicException extends InternalException {
    private static final long serialVersionUID = 1L;

    public NativePanicException(int code, boolean retryable, String message) {
        super(code, retryable, message);
    }
}
