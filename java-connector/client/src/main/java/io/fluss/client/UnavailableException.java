package io.fluss.client;

/** Error codes 5xx: not now, or not here: for example a data directory that another process has open. The message says what to do. */
public final class UnavailableException extends FlussException {
    private static final long serialVersionUID = 1L;

    public UnavailableException(int code, boolean retryable, String message) {
        super(code, retryable, message);
    }
}
