package io.fluss.client;

/** Error codes 1xx: the request is wrong and has to be mended: an unknown option, a NULL in a key, a stale handle, a schema that differs. */
public final class InvalidArgumentException extends FlussException {
    private static final long serialVersionUID = 1L;

    public InvalidArgumentException(int code, boolean retryable, String message) {
        super(code, retryable, message);
    }
}
