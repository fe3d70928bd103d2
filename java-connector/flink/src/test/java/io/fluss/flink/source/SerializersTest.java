package io.fluss.flink.source;

import io.fluss.flink.source.enumerator.FlussEnumeratorState;
import io.fluss.flink.source.enumerator.FlussEnumeratorStateSerializer;
import io.fluss.flink.source.split.FlussSplit;
import io.fluss.flink.source.split.FlussSplitSerializer;
import io.fluss.flink.source.split.FlussSplitState;
import io.fluss.flink.source.split.HybridSnapshotLogSplit;
import io.fluss.flink.source.split.LogSplit;
import io.fluss.flink.source.split.SnapshotPosition;
import io.fluss.flink.source.split.SnapshotSplit;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class SerializersTest {
    private static final SnapshotPosition MIDDLE = new SnapshotPosition(new byte[] {1, 0, -1}, 7);

    private static final List<FlussSplit> SPLITS =
            Arrays.asList(
                    new LogSplit(0, 0, LogSplit.UNBOUNDED),
                    new LogSplit(4095, 12, 13),
                    new SnapshotSplit(1, "snap-1", SnapshotPosition.START),
                    new SnapshotSplit(2, "snap-2", MIDDLE),
                    new HybridSnapshotLogSplit(3, "snap-3", MIDDLE, false, 99),
                    new HybridSnapshotLogSplit(3, "snap-3", SnapshotPosition.START, true, 1L << 40));

    @Test
    void splitsComeBackAsTheyWere() throws Exception {
        for (FlussSplit split : SPLITS) {
            byte[] bytes = FlussSplitSerializer.INSTANCE.serialize(split);
            FlussSplit back =
                    FlussSplitSerializer.INSTANCE.deserialize(FlussSplitSerializer.INSTANCE.getVersion(), bytes);
            assertThat(back).isEqualTo(split);
            assertThat(back.splitId()).isEqualTo("bucket-" + split.bucket());
        }
    }

    @Test
    void theEnumeratorsStateComesBackAsItWas() throws Exception {
        FlussEnumeratorStateSerializer serializer = FlussEnumeratorStateSerializer.INSTANCE;
        for (FlussEnumeratorState state :
                Arrays.asList(
                        new FlussEnumeratorState(7, true, SPLITS),
                        new FlussEnumeratorState(1L << 50, false, Collections.emptyList()))) {
            assertThat(serializer.deserialize(serializer.getVersion(), serializer.serialize(state))).isEqualTo(state);
        }
    }

    @Test
    void anUnknownVersionIsRefusedWithBothNumbers() throws Exception {
        byte[] split = FlussSplitSerializer.INSTANCE.serialize(SPLITS.get(0));
        assertThatThrownBy(() -> FlussSplitSerializer.INSTANCE.deserialize(9, split))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("version 9")
                .hasMessageContaining("version 0");
        byte[] state = FlussEnumeratorStateSerializer.INSTANCE.serialize(new FlussEnumeratorState(7, true, SPLITS));
        assertThatThrownBy(() -> FlussEnumeratorStateSerializer.INSTANCE.deserialize(9, state))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("version 9")
                .hasMessageContaining("version 0");
    }

    @Test
    void damagedBytesAreRefused() throws Exception {
        byte[] bytes = FlussSplitSerializer.INSTANCE.serialize(SPLITS.get(4));
        assertThatThrownBy(() -> FlussSplitSerializer.INSTANCE.deserialize(0, Arrays.copyOf(bytes, bytes.length - 1)))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> FlussSplitSerializer.INSTANCE.deserialize(0, Arrays.copyOf(bytes, bytes.length + 1)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("too many");
        bytes[0] = 77;
        assertThatThrownBy(() -> FlussSplitSerializer.INSTANCE.deserialize(0, bytes))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("kind 77");
    }

    @Test
    void aHybridSplitGoesOnInTheSnapshotAndThenInTheLog() {
        FlussSplitState state =
                new FlussSplitState(new HybridSnapshotLogSplit(3, "s", SnapshotPosition.START, false, 50));
        state.snapshotPosition(MIDDLE.position(), MIDDLE.rowsEmitted());
        assertThat(state.toSplit()).isEqualTo(new HybridSnapshotLogSplit(3, "s", MIDDLE, false, 50));
        state.snapshotFinished();
        assertThat(state.toSplit())
                .isEqualTo(new HybridSnapshotLogSplit(3, "s", SnapshotPosition.START, true, 50));
        state.nextOffset(60);
        assertThat(state.toSplit())
                .isEqualTo(new HybridSnapshotLogSplit(3, "s", SnapshotPosition.START, true, 60));
    }
}
