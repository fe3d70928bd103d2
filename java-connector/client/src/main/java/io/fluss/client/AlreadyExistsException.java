package io.fluss.client;

/** Error codes 3xx: what was to be created exists, or a database to be dropped is not empty. */
public final class AlreadyExistsException extends FlussException {
    private static final long serialVersionUID = 1L;

    public AlreadyExistsException(int code, boolean retryable, String message) {
        super(code, retryable, message);
    }
}
