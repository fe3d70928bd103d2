package io.fluss.flink.row;

import org.apache.flink.runtime.throwable.ThrowableAnnotation;
import org.apache.flink.runtime.throwable.ThrowableType;
import org.apache.flink.util.FlinkRuntimeException;

/** Fails the job for good: a restart would fail in the same way, for ever. */
@ThrowableAnnotation(ThrowableType.NonRecoverableError)
public final class UnrecoverableException extends FlinkRuntimeException {
    private static final long serialVersionUID = 1L;

    public UnrecoverableException(String message) {
        super(message);
    }

    public UnrecoverableException(String message, Throwable cause) {
        super(message, cause);
    }
}
