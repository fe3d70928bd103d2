package io.fluss.client;

/** Error codes 9xx: a bug or a failed device behind the boundary; report it with its message. */
public class InternalException extends FlussException {
    private static final long serialVersionUID = 1L;

    public InternalException(int code, boolean retryable, String message) {
        super(code, retryable, message);
    }
}
