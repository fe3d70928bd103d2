package io.fluss.client;

/** Error codes 2xx: what was named (database, table, bucket, snapshot) does not exist. */
public final class NotFoundException extends FlussException {
    private static final long serialVersionUID = 1L;

    public NotFoundException(int code, boolean retryable, String message) {
        super(code, retryable, message);
    }
}
