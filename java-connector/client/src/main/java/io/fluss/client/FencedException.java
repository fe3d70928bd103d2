package io.fluss.client;

/** Error codes 4xx: somebody else has taken over, or the log was truncated below a position: stop, do not retry. */
public final class FencedException extends FlussException {
    private static final long serialVersionUID = 1L;

    public FencedException(int code, boolean retryable, String message) {
        super(code, retryable, message);
    }
}
