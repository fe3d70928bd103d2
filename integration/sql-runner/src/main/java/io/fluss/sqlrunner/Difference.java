package io.fluss.sqlrunner;

import java.util.Arrays;
import java.util.List;

/** Says where two results part. */
final class Difference {
    private static final int CONTEXT = 12;

    private Difference() {}

    static String describe(String expected, String got) {
        List<String> want = Arrays.asList(expected.split("\n", -1));
        List<String> have = Arrays.asList(got.split("\n", -1));
        int i = 0;
        while (i < want.size() && i < have.size() && want.get(i).equals(have.get(i))) {
            i++;
        }
        int heading = i;
        while (heading > 0 && !want.get(Math.min(heading, want.size() - 1)).startsWith("-- ")) {
            heading--;
        }
        StringBuilder out = new StringBuilder("  differs from line " + (i + 1) + " of the expected file, in: "
                + want.get(Math.min(heading, want.size() - 1)) + "\n");
        append(out, "  expected  ", want, i);
        append(out, "  got       ", have, i);
        return out.toString();
    }

    private static void append(StringBuilder out, String label, List<String> lines, int from) {
        for (int i = from; i < Math.min(lines.size(), from + CONTEXT); i++) {
            out.append(label).append(lines.get(i)).append('\n');
        }
    }
}
