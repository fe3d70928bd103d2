package io.fluss.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import one.profiler.AsyncProfiler;
import one.profiler.AsyncProfilerLoader;

/**
 * async-profiler around one job, from its first row to its last: who uses the processor, who allocates. Writes the stacks beside the
 * figures, as {@code NAME.cpu.txt} and {@code NAME.alloc.txt}: one a line, root first, with its samples or bytes.
 */
final class Profile {
    enum Kind {
        /** Timers of each thread's processor time: need no rights, as perf events do. */
        CPU("event=ctimer,interval=1ms,cstack=dwarf"),
        ALLOC("event=alloc,alloc=64k");

        private final String command;

        Kind(String command) {
            this.command = command;
        }
    }

    /** Whose frames are whose; of a stack the frame nearest to the leaf that is somebody's says. */
    private static final Map<String, String> OWNERS = new LinkedHashMap<>();

    static {
        OWNERS.put("io/fluss/jni/Native.", "native");
        OWNERS.put("fluss_", "native");
        OWNERS.put("rocksdb", "native");
        OWNERS.put("io/fluss/bench/", "bench");
        OWNERS.put("io/fluss/", "connector");
        OWNERS.put("org/apache/flink/", "flink");
        OWNERS.put("CompileBroker", "jit");
        OWNERS.put("ConcurrentGCThread", "gc");
        OWNERS.put("GangWorker", "gc");
        OWNERS.put("VM_G1", "gc");
    }

    private static final String OTHER = "other";

    private final AsyncProfiler profiler;
    private final Path folder;

    private Profile(AsyncProfiler profiler, Path folder) {
        this.profiler = profiler;
        this.folder = folder;
    }

    /** Null, and says why, where async-profiler does not run: it has no library for this system, or may not load it. */
    static Profile orNull(Path folder) {
        try {
            Files.createDirectories(folder);
            return new Profile(AsyncProfilerLoader.load(), folder);
        } catch (IOException | IllegalStateException | UnsatisfiedLinkError | SecurityException e) {
            System.err.println("no profiles, so no figures of allocation and none of who uses the processor: async-profiler does not load: " + e);
            return null;
        }
    }

    void start(Kind kind) {
        execute("start," + kind.command);
    }

    /** @param name of the figure, for the file */
    Stacks stop(Kind kind, String name) throws IOException {
        execute("stop");
        String text = execute(kind == Kind.ALLOC ? "collapsed,total" : "collapsed");
        Files.write(folder.resolve(name + (kind == Kind.ALLOC ? ".alloc.txt" : ".cpu.txt")), text.getBytes(StandardCharsets.UTF_8));
        return new Stacks(text);
    }

    private String execute(String command) {
        try {
            return profiler.execute(command);
        } catch (IOException e) {
            throw new IllegalStateException("async-profiler could not do '" + command + "'", e);
        }
    }

    /** What was sampled: bytes by allocation, samples of the processor. */
    static final class Stacks {
        private final Map<String, Long> byOwner = new TreeMap<>();
        private final Map<String, Long> byOwnerAndLeaf = new TreeMap<>();
        private long total;

        Stacks(String collapsed) {
            for (String line : collapsed.split("\n")) {
                int space = line.lastIndexOf(' ');
                if (space < 0) {
                    continue;
                }
                long count = Long.parseLong(line.substring(space + 1));
                List<String> frames = Arrays.asList(line.substring(0, space).split(";"));
                String owner = owner(frames);
                total += count;
                byOwner.merge(owner, count, Long::sum);
                byOwnerAndLeaf.merge(owner + " " + frames.get(frames.size() - 1), count, Long::sum);
            }
        }

        /** An object of a class of Flink's is Flink's, whoever makes it: its interfaces ask for it. */
        private static String owner(List<String> frames) {
            for (int i = frames.size() - 1; i >= 0; i--) {
                // A class that is allocated is written with dots, unlike those of frames.
                String frame = frames.get(i).replace("org.apache.flink.", "org/apache/flink/");
                for (Map.Entry<String, String> owner : OWNERS.entrySet()) {
                    if (frame.contains(owner.getKey())) {
                        return owner.getValue();
                    }
                }
            }
            return OTHER;
        }

        long total() {
            return total;
        }

        long of(String owner) {
            return byOwner.getOrDefault(owner, 0L);
        }

        /** Owners and their shares in percent, the greatest first. */
        String shares() {
            return largest(byOwner, 10, total / 100.0, "%.1f %%");
        }

        /** Who allocates what, in bytes a row. */
        String classes(int most, long rows) {
            return largest(byOwnerAndLeaf, most, rows, "%.1f B");
        }

        private static String largest(Map<String, Long> counts, int most, double by, String format) {
            List<Map.Entry<String, Long>> sorted = new ArrayList<>(counts.entrySet());
            sorted.sort(Collections.reverseOrder(Comparator.comparing((Map.Entry<String, Long> e) -> e.getValue())));
            StringBuilder out = new StringBuilder();
            sorted.stream().limit(most).forEach(e -> out.append(out.length() == 0 ? "" : ", ").append(e.getKey()).append(' ')
                    .append(String.format(Locale.ROOT, format, e.getValue() / by)));
            return out.toString();
        }
    }
}
