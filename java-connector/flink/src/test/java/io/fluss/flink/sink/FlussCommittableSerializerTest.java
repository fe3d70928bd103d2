package io.fluss.flink.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigInteger;
import org.junit.jupiter.api.Test;

class FlussCommittableSerializerTest {
    /** Transaction 42 of table 7, db.t: a piece in bucket 0 and two in bucket 3. */
    private static final byte[] GOLDEN = new BigInteger("464c555353434f4d00000000000000002a000000000000000700000000000000"
            + "0200000064620100000074020000000000000000000000010000000000000003"
            + "00000002000000f535a717", 16).toByteArray();

    @Test
    void versionZeroIsTheBytesOfTheStore() throws Exception {
        FlussCommittable read = FlussCommittableSerializer.INSTANCE.deserialize(0, GOLDEN);
        assertThat(read).isEqualTo(new FlussCommittable(GOLDEN));
        assertThat(FlussCommittableSerializer.INSTANCE.serialize(read)).isEqualTo(GOLDEN);
        assertThat(FlussCommittableSerializer.INSTANCE.getVersion()).isZero();
    }

    @Test
    void anUnknownVersionIsRefusedWithBothNumbers() {
        assertThatThrownBy(() -> FlussCommittableSerializer.INSTANCE.deserialize(9, GOLDEN))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("version 9")
                .hasMessageContaining("version 0");
    }
}
