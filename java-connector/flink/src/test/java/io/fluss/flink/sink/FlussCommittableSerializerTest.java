package io.fluss.flink.sink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class FlussCommittableSerializerTest {
    private static final FlussCommittableSerializer SERIALIZER = FlussCommittableSerializer.INSTANCE;

    /** Version 0 are the bytes of the store and nothing else; what these say is for the store to keep readable. */
    @Test
    void theBytesOfEveryVersion() throws IOException {
        byte[] bytes = {0, 1, 2, -1};
        assertThat(SERIALIZER.getVersion()).isEqualTo(0);
        assertThat(SERIALIZER.serialize(new FlussCommittable(bytes))).isEqualTo(bytes);
        assertThat(SERIALIZER.deserialize(0, bytes)).isEqualTo(new FlussCommittable(bytes));
    }

    @Test
    void anUnknownVersionIsRefusedWithBothNumbers() {
        assertThatThrownBy(() -> SERIALIZER.deserialize(1, new byte[0]))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("version 1")
                .hasMessageContaining("version 0");
    }
}
