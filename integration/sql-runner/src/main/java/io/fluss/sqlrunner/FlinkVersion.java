package io.fluss.sqlrunner;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.flink.runtime.util.EnvironmentInformation;

/** The Flink that runs the files, and the one whose results the .expected files have: the newest. */
final class FlinkVersion {
    static final int MAJOR = EnvironmentInformation.getVersion().startsWith("1.") ? 1 : 2;

    private FlinkVersion() {}

    /** SHOW CREATE TABLE: Flink 1.20 begins what follows the columns on the line of their bracket, and sorts no options. */
    static void likeTheNewest(String sql, List<String> rows) {
        if (MAJOR > 1 || !sql.toUpperCase(Locale.ROOT).startsWith("SHOW CREATE TABLE")) {
            return;
        }
        String[] parts = rows.get(0).replaceFirst("(?m)^\\) (?=[A-Z])", ")\n").split("(?m)(?<=^WITH \\(\n)|(?=^\\)\n*\\z)");
        List<String> options = new ArrayList<>(List.of(parts[1].trim().split(",?\n +")));
        parts[1] = options.stream().sorted().collect(Collectors.joining(",\n  ", "  ", "\n"));
        rows.set(0, String.join("", parts));
    }
}
