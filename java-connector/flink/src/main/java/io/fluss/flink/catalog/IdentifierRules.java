package io.fluss.flink.catalog;

import org.apache.flink.table.api.ValidationException;

/** Names of databases and tables, which become names of directories. */
final class IdentifierRules {
    private static final int MAX_LENGTH = 200;

    private IdentifierRules() {}

    /** @param what {@code database} or {@code table} */
    static void check(String what, String name) {
        String problem = problem(name);
        if (problem != null) {
            throw new ValidationException(
                    "'" + name + "' cannot be the name of a " + what + ": " + problem
                            + ". A name has 1 to " + MAX_LENGTH
                            + " ASCII letters, digits, '_' and '-', and does not begin with '__'.");
        }
    }

    private static String problem(String name) {
        if (name.isEmpty()) {
            return "it is empty";
        }
        if (name.length() > MAX_LENGTH) {
            return "it has " + name.length() + " characters";
        }
        if (name.startsWith("__")) {
            return "it begins with '__'";
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean allowed =
                    c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-';
            if (!allowed) {
                return "it contains '" + c + "'";
            }
        }
        return null;
    }
}
