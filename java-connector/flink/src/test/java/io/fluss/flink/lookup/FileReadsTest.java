package io.fluss.flink.lookup;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FileReadsTest {
    private long now = 7;
    private final FileReads reads = new FileReads(() -> now);

    private void pass(long count, TimeUnit unit) {
        now += unit.toNanos(count);
    }

    /** @return how many of the reads the caller was let do */
    private int read(int times, long micros) {
        int done = 0;
        for (int i = 0; i < times; i++) {
            if (reads.begin()) {
                pass(micros, TimeUnit.MICROSECONDS);
                reads.end();
                done++;
            }
        }
        return done;
    }

    @Test
    void fastReadsAreTheCallers() {
        assertThat(read(10_000, 90)).isEqualTo(10_000);
    }

    @Test
    void aFewLongPausesChangeNothing() {
        for (int i = 0; i < 100; i++) {
            assertThat(read(1, 100_000)).isEqualTo(1);
            assertThat(read(200, 20)).isEqualTo(200);
        }
    }

    @Test
    void slowReadsAreLeftToOthersForLongerAndLonger() {
        assertThat(read(1_000, 1_000)).isBetween(5, 20);
        for (int seconds = 1; seconds <= 32; seconds *= 2) {
            pass(seconds * 1_000L - 1, TimeUnit.MILLISECONDS);
            assertThat(read(10, 1_000)).isZero();
            pass(1, TimeUnit.MILLISECONDS);
            assertThat(read(1_000, 1_000)).isBetween(5, 20);
        }
        for (int i = 0; i < 3; i++) {
            pass(1, TimeUnit.MINUTES);
            assertThat(read(1_000, 1_000)).as("once a minute at least").isBetween(5, 20);
        }
        pass(1, TimeUnit.MINUTES);
        assertThat(read(4_000_000, 20)).as("they have become fast").isEqualTo(4_000_000);
        assertThat(read(1_000, 1_000)).isBetween(5, 20);
        pass(1, TimeUnit.SECONDS);
        assertThat(read(10, 20)).as("and begin again with the first pause").isEqualTo(10);
    }
}
