package io.fluss.sqlrunner;

import java.util.LinkedHashSet;
import java.util.Set;

/** Flink wraps an error many times; a test looks for its text anywhere in the chain, a person wants each message once. */
final class Errors {
    /** Frames of the innermost error that are shown. */
    private static final int FRAMES = 8;

    private Errors() {}

    static String messages(Throwable error) {
        Set<String> seen = new LinkedHashSet<>();
        Throwable root = error;
        for (Throwable t = error; t != null; t = t.getCause()) {
            root = t;
            seen.add(t.getClass().getSimpleName() + ": " + t.getMessage());
            for (Throwable s : t.getSuppressed()) {
                seen.add("suppressed " + s.getClass().getSimpleName() + ": " + s.getMessage());
            }
        }
        StringBuilder out = new StringBuilder("  ").append(String.join("\n  ", seen));
        StackTraceElement[] at = root.getStackTrace();
        for (int i = 0; i < Math.min(FRAMES, at.length); i++) {
            out.append("\n      at ").append(at[i]);
        }
        return out.toString();
    }
}
