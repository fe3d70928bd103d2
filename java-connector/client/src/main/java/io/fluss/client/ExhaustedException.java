package io.fluss.client;

/** Error codes 7xx: disk or memory is used up: make room and try again. */
public final class ExhaustedException extends FlussException {
    private static final long serialVersionUID = 1L;

    public ExhaustedException(int code, boolean retryable, String message) {
        super(code, retryable, message);
    }
}
