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
import io.fluss.flink.source.split.TableBucket;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;

import static io.fluss.flink.source.split.FlussSplit.UNKNOWN_TABLE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class SerializersTest {
    private static final SnapshotPosition MIDDLE = new SnapshotPosition(new byte[] {1, 0, -1}, 7);

    private static TableBucket bucket(int number) {
        return new TableBucket(0, number);
    }

    private static final List<FlussSplit> SPLITS =
            Arrays.asList(
                    new LogSplit(5, bucket(0), 0, LogSplit.UNBOUNDED),
                    new LogSplit(5, bucket(4095), 12, 13),
                    new SnapshotSplit(5, bucket(1), "snap-1", SnapshotPosition.START, SnapshotSplit.NOT_EARLIER),
                    new SnapshotSplit(5, bucket(2), "snap-2", MIDDLE, 1L << 40),
                    new HybridSnapshotLogSplit(5, bucket(3), "snap-3", MIDDLE, false, 99),
                    new HybridSnapshotLogSplit(5, bucket(3), "snap-3", SnapshotPosition.START, true, 1L << 40));

    @Test
    void splitsComeBackAsTheyWere() throws Exception {
        for (FlussSplit split : SPLITS) {
            byte[] bytes = FlussSplitSerializer.INSTANCE.serialize(split);
            FlussSplit back =
                    FlussSplitSerializer.INSTANCE.deserialize(FlussSplitSerializer.INSTANCE.getVersion(), bytes);
            assertThat(back).isEqualTo(split);
            assertThat(back.splitId()).isEqualTo("bucket-" + split.bucket().bucket());
        }
    }

    @Test
    void theEnumeratorsStateComesBackAsItWas() throws Exception {
        FlussEnumeratorStateSerializer serializer = FlussEnumeratorStateSerializer.INSTANCE;
        for (FlussEnumeratorState state :
                Arrays.asList(
                        new FlussEnumeratorState(7, true, Set.of(3, 1), SPLITS),
                        new FlussEnumeratorState(1L << 50, false, Set.of(), Collections.emptyList()))) {
            assertThat(serializer.deserialize(serializer.getVersion(), serializer.serialize(state))).isEqualTo(state);
        }
    }

    @Test
    void anUnknownVersionIsRefusedWithBothNumbers() throws Exception {
        byte[] split = FlussSplitSerializer.INSTANCE.serialize(SPLITS.get(0));
        assertThatThrownBy(() -> FlussSplitSerializer.INSTANCE.deserialize(9, split))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("version 9")
                .hasMessageContaining("up to 3");
        byte[] state = FlussEnumeratorStateSerializer.INSTANCE.serialize(new FlussEnumeratorState(7, true, Set.of(3, 1), SPLITS));
        assertThatThrownBy(() -> FlussEnumeratorStateSerializer.INSTANCE.deserialize(9, state))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("version 9")
                .hasMessageContaining("up to 1");
    }

    @Test
    void damagedBytesAreRefused() throws Exception {
        byte[] bytes = FlussSplitSerializer.INSTANCE.serialize(SPLITS.get(4));
        assertThatThrownBy(() -> FlussSplitSerializer.INSTANCE.deserialize(3, Arrays.copyOf(bytes, bytes.length - 1)))
                .isInstanceOf(IOException.class);
        assertThatThrownBy(() -> FlussSplitSerializer.INSTANCE.deserialize(3, Arrays.copyOf(bytes, bytes.length + 1)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("too many");
        bytes[0] = 77;
        assertThatThrownBy(() -> FlussSplitSerializer.INSTANCE.deserialize(3, bytes))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("kind 77");
    }

    @Test
    void aHybridSplitGoesOnInTheSnapshotAndThenInTheLog() {
        FlussSplitState state =
                new FlussSplitState(new HybridSnapshotLogSplit(5, bucket(3), "s", SnapshotPosition.START, false, 50));
        state.snapshotPosition(MIDDLE.position(), MIDDLE.rowsEmitted());
        assertThat(state.toSplit()).isEqualTo(new HybridSnapshotLogSplit(5, bucket(3), "s", MIDDLE, false, 50));
        state.snapshotFinished();
        assertThat(state.toSplit())
                .isEqualTo(new HybridSnapshotLogSplit(5, bucket(3), "s", SnapshotPosition.START, true, 50));
        state.nextOffset(60);
        assertThat(state.toSplit())
                .isEqualTo(new HybridSnapshotLogSplit(5, bucket(3), "s", SnapshotPosition.START, true, 60));
    }

    private static byte[] bytes(String hex) {
        byte[] bytes = new byte[hex.length() / 2];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) Integer.parseInt(hex.substring(2 * i, 2 * i + 2), 16);
        }
        return bytes;
    }

    private static FlussSplit split(int version, String hex) throws IOException {
        return FlussSplitSerializer.INSTANCE.deserialize(version, bytes(hex));
    }

    /** Bytes that a version has written are read by every later one. */
    @Test
    void theBytesOfEveryVersion() throws Exception {
        String log0 = "00" + "00000fff" + "000000000000000c" + "000000000000000d";
        String log1 = "00" + "00000007" + "00000fff" + "000000000000000c" + "000000000000000d";
        String log3 = "00" + "0000000000000005" + log1.substring(2);
        FlussSplit log = new LogSplit(5, new TableBucket(7, 4095), 12, 13);
        FlussSplit logOfAny = new LogSplit(UNKNOWN_TABLE, new TableBucket(7, 4095), 12, 13);
        assertThat(split(0, log0)).isEqualTo(new LogSplit(UNKNOWN_TABLE, bucket(4095), 12, 13));
        assertThat(split(1, log1)).isEqualTo(logOfAny);
        assertThat(split(2, log1)).isEqualTo(logOfAny);
        assertThat(split(3, log3)).isEqualTo(log);
        assertThat(FlussSplitSerializer.INSTANCE.serialize(log)).isEqualTo(bytes(log3));
        assertThat(log.splitId()).isEqualTo("partition-7-bucket-4095");

        String position = "0001" + "73" + "00000003" + "0100ff" + "0000000000000007";
        long notEarlier = SnapshotSplit.NOT_EARLIER;
        TableBucket place = new TableBucket(1, 2);
        assertThat(split(0, "01" + "00000002" + position))
                .isEqualTo(new SnapshotSplit(UNKNOWN_TABLE, bucket(2), "s", MIDDLE, notEarlier));
        String snapshot1 = "00000001" + "00000002" + position;
        String snapshot2 = snapshot1 + "0000000000000063";
        assertThat(split(1, "01" + snapshot1)).isEqualTo(new SnapshotSplit(UNKNOWN_TABLE, place, "s", MIDDLE, notEarlier));
        assertThat(split(2, "01" + snapshot2)).isEqualTo(new SnapshotSplit(UNKNOWN_TABLE, place, "s", MIDDLE, 99));
        FlussSplit snapshot = new SnapshotSplit(5, place, "s", MIDDLE, 99);
        assertThat(split(3, "01" + "0000000000000005" + snapshot2)).isEqualTo(snapshot);
        assertThat(FlussSplitSerializer.INSTANCE.serialize(snapshot)).isEqualTo(bytes("01" + "0000000000000005" + snapshot2));

        String hybrid1 = "00000001" + "00000002" + position + "01" + "0000000000000063";
        assertThat(split(1, "02" + hybrid1)).isEqualTo(new HybridSnapshotLogSplit(UNKNOWN_TABLE, place, "s", MIDDLE, true, 99));
        FlussSplit hybrid = new HybridSnapshotLogSplit(5, place, "s", MIDDLE, true, 99);
        assertThat(split(3, "02" + "0000000000000005" + hybrid1)).isEqualTo(hybrid);
        assertThat(FlussSplitSerializer.INSTANCE.serialize(hybrid)).isEqualTo(bytes("02" + "0000000000000005" + hybrid1));

        FlussEnumeratorStateSerializer states = FlussEnumeratorStateSerializer.INSTANCE;
        FlussEnumeratorState state = new FlussEnumeratorState(5, true, Set.of(7, 9), List.of(log));
        String ofPartitions = "0000000000000005" + "01" + "00000002" + "00000007" + "00000009" + "00000001";
        // Each split has the version of its own bytes.
        String state1 = ofPartitions + "00000003" + "00000021" + log3;
        assertThat(states.serialize(state)).isEqualTo(bytes(state1));
        assertThat(states.deserialize(1, bytes(state1))).isEqualTo(state);
        assertThat(states.deserialize(1, bytes(ofPartitions + "00000002" + "00000019" + log1)))
                .isEqualTo(new FlussEnumeratorState(5, true, Set.of(7, 9), List.of(logOfAny)));
        String state0 = "0000000000000005" + "01" + "00000001" + "00000000" + "00000015" + log0;
        assertThat(states.deserialize(0, bytes(state0)))
                .isEqualTo(new FlussEnumeratorState(5, true, Set.of(), List.of(split(0, log0))));
    }
}
