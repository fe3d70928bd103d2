package io.fluss.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluss.client.proto.ProtoReader;
import io.fluss.client.proto.ProtoWriter;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ProtoTest {
    @Test
    void numbersOfEverySizeAndSign() {
        long[] values = {1, 127, 128, 300, Integer.MAX_VALUE, 1L << 62, Long.MAX_VALUE, -1, Long.MIN_VALUE};
        for (long value : values) {
            ProtoReader in = new ProtoReader(new ProtoWriter().varint(1, value).toByteArray());
            assertThat(in.next()).isTrue();
            assertThat(in.varint()).isEqualTo(value);
            assertThat(in.next()).isFalse();
        }
    }

    @Test
    void theWireBytesAreProtobufs() {
        // Field 1 varint 150 and field 2 "testing", from protobuf's own description of its encoding.
        assertThat(new ProtoWriter().varint(1, 150).toByteArray()).containsExactly(0x08, 0x96, 0x01);
        assertThat(new ProtoWriter().string(2, "testing").toByteArray())
                .containsExactly(0x12, 0x07, 't', 'e', 's', 't', 'i', 'n', 'g');
        assertThat(new ProtoWriter().packed(6, new int[] {3, 270, 86942}).toByteArray())
                .containsExactly(0x32, 0x06, 0x03, 0x8E, 0x02, 0x9E, 0xA7, 0x05);
    }

    @Test
    void unknownFieldsOfALaterVersionAreSkipped() {
        byte[] bytes = new ProtoWriter()
                .varint(70, 5)
                .string(71, "later")
                .map(3, Map.of("k", "", "", "v"))
                .string(1, "known")
                .toByteArray();
        Map<String, String> map = new HashMap<>();
        String known = "";
        ProtoReader in = new ProtoReader(bytes);
        while (in.next()) {
            if (in.field() == 1) {
                known = in.string();
            } else if (in.field() == 3) {
                in.entry(map);
            } else {
                in.skip();
            }
        }
        assertThat(known).isEqualTo("known");
        assertThat(map).containsOnly(Map.entry("k", ""), Map.entry("", "v"));
    }

    @Test
    void aMessageCutAnywhereIsAnError() {
        byte[] bytes = new ProtoWriter().string(1, "something").varint(2, 1 << 20).toByteArray();
        for (int length = 1; length < bytes.length; length++) {
            if (length == 11) {
                continue; // exactly the first field
            }
            byte[] cut = java.util.Arrays.copyOf(bytes, length);
            assertThatThrownBy(() -> {
                        ProtoReader in = new ProtoReader(cut);
                        while (in.next()) {
                            in.skip();
                        }
                    })
                    .isInstanceOf(InternalException.class)
                    .hasMessageContaining("malformed");
        }
    }
}
