package io.fluss.client;

/** Error codes 6xx: stored bytes are damaged or of an unknown format; the message names the file and the position. */
public final class CorruptException extends FlussException {
    private static final long serialVersionUID = 1L;

    public CorruptException(int code, boolean retryable, String message) {
        super(code, retryable, message);
    }
}
