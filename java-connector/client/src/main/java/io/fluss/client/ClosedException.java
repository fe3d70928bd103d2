package io.fluss.client;

/** Error codes 8xx: the object, or the connection that it belongs to, is closed. */
public final class ClosedException extends FlussException {
    private static final long serialVersionUID = 1L;

    public ClosedException(int code, boolean retryable, String message) {
        super(code, retryable, message);
    }
}
