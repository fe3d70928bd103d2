package io.fluss.client.proto;

import io.fluss.client.FlussException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * Reads protobuf's wire format. Use: {@code while (r.next()) switch (r.field()) … default: r.skip()}; fields that are not
 * known are skipped, so that an older client reads a newer answer.
 */
public final class ProtoReader {
    private final byte[] bytes;
    private final int end;
    private int position;
    private int field;
    private int wireType;

    public ProtoReader(byte[] bytes) {
        this(bytes, 0, bytes.length);
    }

    private ProtoReader(byte[] bytes, int start, int end) {
        this.bytes = bytes;
        this.position = start;
        this.end = end;
    }

    /** Moves to the next field; false at the end of the message. */
    public boolean next() {
        if (position >= end) {
            return false;
        }
        long tag = rawVarint();
        field = (int) (tag >>> 3);
        wireType = (int) (tag & 7);
        return true;
    }

    public int field() {
        return field;
    }

    public long varint() {
        expect(0);
        return rawVarint();
    }

    public int int32() {
        return (int) varint();
    }

    public boolean bool() {
        return varint() != 0;
    }

    public String string() {
        int length = length();
        String value = new String(bytes, position, length, StandardCharsets.UTF_8);
        position += length;
        return value;
    }

    public byte[] bytes() {
        int length = length();
        byte[] value = Arrays.copyOfRange(bytes, position, position + length);
        position += length;
        return value;
    }

    /** {@code repeated uint32}, packed. */
    public int[] packed() {
        ProtoReader values = message();
        int[] read = new int[values.end - values.position];
        int count = 0;
        while (values.position < values.end) {
            read[count++] = (int) values.rawVarint();
        }
        return Arrays.copyOf(read, count);
    }

    /** A reader over the nested message. */
    public ProtoReader message() {
        int length = length();
        ProtoReader nested = new ProtoReader(bytes, position, position + length);
        position += length;
        return nested;
    }

    /** Adds one entry of a {@code map<string, string>}. */
    public void entry(Map<String, String> into) {
        ProtoReader entry = message();
        String key = "";
        String value = "";
        while (entry.next()) {
            switch (entry.field()) {
                case 1:
                    key = entry.string();
                    break;
                case 2:
                    value = entry.string();
                    break;
                default:
                    entry.skip();
            }
        }
        into.put(key, value);
    }

    public void skip() {
        switch (wireType) {
            case 0:
                rawVarint();
                return;
            case 1:
                advance(8);
                return;
            case 2:
                advance(length());
                return;
            case 5:
                advance(4);
                return;
            default:
                throw malformed("wire type " + wireType);
        }
    }

    private int length() {
        expect(2);
        long length = rawVarint();
        if (length < 0 || length > end - position) {
            throw malformed("a length of " + length);
        }
        return (int) length;
    }

    private void advance(int count) {
        if (count > end - position) {
            throw malformed("a field beyond the end");
        }
        position += count;
    }

    private void expect(int expected) {
        if (wireType != expected) {
            throw malformed("wire type " + wireType + " where " + expected + " is expected");
        }
    }

    private long rawVarint() {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (position >= end) {
                throw malformed("a number cut off");
            }
            byte b = bytes[position++];
            value |= (long) (b & 0x7F) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw malformed("a number of more than 10 bytes");
    }

    private FlussException malformed(String what) {
        return FlussException.of(
                FlussException.INTERNAL,
                false,
                "the native library sent a malformed message: "
                        + what + " in field " + field + " at byte " + position
                        + "; the jar and the library are probably of different versions");
    }
}
