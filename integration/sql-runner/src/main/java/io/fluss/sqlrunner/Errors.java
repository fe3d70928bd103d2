package io.fluss.sqlrunner;

import java.util.LinkedHashSet;
import java.util.Set;

/** Flink wraps an error many times; a test looks for its text anywhere in the chain, a person wants each message once. */
final class Errors {
    private Errors() {}

    static String messages(Throwable error) {
        Set<String> seen = new LinkedHashSet<>();
        for (Throwable t = error; t != null; t = t.getCause()) {
            seen.add(t.getClass().getSimpleName() + ": " + t.getMessage());
            for (Throwable s : t.getSuppressed()) {
                seen.add("suppressed " + s.getClass().getSimpleName() + ": " + s.getMessage());
            }
        }
        return "  " + String.join("\n  ", seen);
    }
}
