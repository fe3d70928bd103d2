package io.fluss.sqlrunner;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A file of statements that end with {@code ;}, and the directives in the comments before them (integration/sql/README.md). */
final class SqlFile {
    private static final Pattern DIRECTIVE = Pattern.compile("^--\\s*(error|rows|ordered|flink)\\s*(?::\\s*(.*?))?\\s*$");
    /** What comes in an order of its own: of columns, for DESCRIBE. */
    private static final Pattern ORDER_BY = Pattern.compile("\\bORDER\\s+BY\\b|^DESC", Pattern.CASE_INSENSITIVE);

    /** One statement, without its semicolon and the comments before it. */
    static final class Statement {
        final String sql;
        /** Line in the file, from 1. */
        final int line;
        /** Text that the error has to contain, in any case; empty: the statement succeeds. */
        final List<String> errors;
        /** Rows after which an unbounded query is cancelled; -1: it ends by itself. */
        final int rows;
        /** Whether the order of its rows is part of the result. */
        final boolean ordered;
        /** The first version of Flink that can do it, 1 or 2. */
        final int flink;

        Statement(String sql, int line, List<String> errors, int rows, boolean ordered, int flink) {
            this.sql = sql;
            this.line = line;
            this.errors = errors;
            this.rows = rows;
            this.ordered = ordered || ORDER_BY.matcher(sql).find();
            this.flink = flink;
        }

        /** The first line, as the heading of its result. */
        String title() {
            int end = sql.indexOf('\n');
            return end < 0 ? sql : sql.substring(0, end) + " ...";
        }
    }

    private SqlFile() {}

    static List<Statement> read(Path file) throws IOException {
        return parse(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
    }

    static List<Statement> parse(String text) {
        List<Statement> statements = new ArrayList<>();
        List<String> comments = new ArrayList<>();
        StringBuilder sql = new StringBuilder();
        int line = 1;
        int first = 1;
        int i = 0;
        while (i < text.length()) {
            char c = text.charAt(i);
            int end = i + 1;
            if (text.startsWith("--", i)) {
                end = endOf(text, i, "\n", false);
                if (blank(sql)) {
                    comments.add(text.substring(i, end));
                    i = end;
                    continue;
                }
            } else if (text.startsWith("/*", i)) {
                end = endOf(text, i + 2, "*/", true);
            } else if (c == '\'' || c == '`' || c == '"') {
                end = endOf(text, i + 1, String.valueOf(c), true);
            } else if (c == ';') {
                statements.add(statement(sql.toString().trim(), first, comments));
                sql.setLength(0);
                comments.clear();
                i++;
                continue;
            }
            if (blank(sql)) {
                first = line;
                sql.setLength(0);
            }
            String part = text.substring(i, end);
            sql.append(part);
            line += (int) part.chars().filter(x -> x == '\n').count();
            i = end;
        }
        if (!blank(sql)) {
            throw new IllegalArgumentException("line " + first + ": a statement without ';' at the end of the file");
        }
        return statements;
    }

    private static boolean blank(CharSequence s) {
        return s.toString().trim().isEmpty();
    }

    private static int endOf(String text, int from, String mark, boolean include) {
        int at = text.indexOf(mark, from);
        return at < 0 ? text.length() : include ? at + mark.length() : at;
    }

    private static Statement statement(String sql, int line, List<String> comments) {
        List<String> errors = new ArrayList<>();
        int rows = -1;
        boolean ordered = false;
        int flink = 1;
        for (String comment : comments) {
            Matcher m = DIRECTIVE.matcher(comment.trim());
            if (!m.matches()) {
                continue;
            }
            if (m.group(1).equals("error")) {
                errors.add(m.group(2));
            } else if (m.group(1).equals("rows")) {
                rows = Integer.parseInt(m.group(2));
            } else if (m.group(1).equals("flink")) {
                flink = Integer.parseInt(m.group(2));
            } else {
                ordered = true;
            }
        }
        return new Statement(sql, line, errors, rows, ordered, flink);
    }
}
