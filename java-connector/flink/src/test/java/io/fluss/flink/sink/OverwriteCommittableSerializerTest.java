package io.fluss.flink.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OverwriteCommittableSerializerTest {
    /** Two committables, of three bytes and of none, and the partition region=eu, year=2024. */
    private static final byte[] GOLDEN = new BigInteger("01" + "00000002" + "00000003" + "0a0b0c" + "00000000"
            + "00000002" + "0006726567696f6e" + "00026575" + "000479656172" + "000432303234", 16).toByteArray();

    private static byte[] golden() {
        // Without the first byte, which keeps the zeros behind it.
        return Arrays.copyOfRange(GOLDEN, 1, GOLDEN.length);
    }

    @Test
    void theBytesOfVersionZero() throws Exception {
        OverwriteCommittable read = OverwriteCommittableSerializer.INSTANCE.deserialize(0, golden());
        assertThat(read.prepared()).containsExactly(new byte[] {10, 11, 12}, new byte[0]);
        assertThat(read.partition()).containsExactly(Map.entry("region", "eu"), Map.entry("year", "2024"));
        OverwriteCommittable written =
                new OverwriteCommittable(List.of(new byte[] {10, 11, 12}, new byte[0]), Map.of("year", "2024", "region", "eu"));
        assertThat(OverwriteCommittableSerializer.INSTANCE.serialize(written)).isEqualTo(golden());
        assertThat(OverwriteCommittableSerializer.INSTANCE.getVersion()).isZero();
    }

    @Test
    void anUnknownVersionIsRefusedWithBothNumbers() {
        assertThatThrownBy(() -> OverwriteCommittableSerializer.INSTANCE.deserialize(9, golden()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("version 9")
                .hasMessageContaining("version 0");
    }
}
