package io.fluss.client.proto;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * Writes protobuf's wire format: the few constructs that {@code fluss.proto} uses. Fields with default values (0, empty,
 * false) are left out, as proto3 asks, except for elements of repeated fields, optional ones and messages.
 */
public final class ProtoWriter {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int LENGTH_DELIMITED = 2;

    private byte[] bytes = new byte[64];
    private int size;

    /** A message that was written before. */
    public static ProtoWriter of(byte[] message) {
        ProtoWriter writer = new ProtoWriter();
        writer.bytes = message.clone();
        writer.size = message.length;
        return writer;
    }

    public ProtoWriter varint(int field, long value) {
        if (value != 0) {
            tag(field, VARINT);
            rawVarint(value);
        }
        return this;
    }

    /** An optional number, written even when it is 0. */
    public ProtoWriter present(int field, long value) {
        tag(field, VARINT);
        rawVarint(value);
        return this;
    }

    /** Eight bytes, written even when they are 0: the bits of a double. */
    public ProtoWriter fixed64(int field, long bits) {
        tag(field, FIXED64);
        reserve(Long.BYTES);
        for (int i = 0; i < Long.BYTES; i++) {
            bytes[size++] = (byte) (bits >>> 8 * i);
        }
        return this;
    }

    public ProtoWriter bool(int field, boolean value) {
        return varint(field, value ? 1 : 0);
    }

    public ProtoWriter string(int field, String value) {
        if (value != null && !value.isEmpty()) {
            element(field, value);
        }
        return this;
    }

    public ProtoWriter bytes(int field, byte[] value) {
        if (value != null && value.length > 0) {
            lengthDelimited(field, value, value.length);
        }
        return this;
    }

    /** A nested message, written even when it is empty. */
    public ProtoWriter message(int field, ProtoWriter value) {
        lengthDelimited(field, value.bytes, value.size);
        return this;
    }

    /** One element of a repeated string, written even when it is empty. */
    public ProtoWriter element(int field, String value) {
        byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
        lengthDelimited(field, utf8, utf8.length);
        return this;
    }

    public ProtoWriter strings(int field, Iterable<String> values) {
        for (String value : values) {
            element(field, value);
        }
        return this;
    }

    /** {@code map<string, string>}: repeated messages with key 1 and value 2. */
    public ProtoWriter map(int field, Map<String, String> values) {
        for (Map.Entry<String, String> entry : values.entrySet()) {
            message(field, new ProtoWriter().string(1, entry.getKey()).string(2, entry.getValue()));
        }
        return this;
    }

    /** {@code repeated uint32}, packed. */
    public ProtoWriter packed(int field, int[] values) {
        if (values.length > 0) {
            ProtoWriter packed = new ProtoWriter();
            for (int value : values) {
                packed.rawVarint(Integer.toUnsignedLong(value));
            }
            message(field, packed);
        }
        return this;
    }

    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, size);
    }

    private void lengthDelimited(int field, byte[] value, int length) {
        tag(field, LENGTH_DELIMITED);
        rawVarint(length);
        reserve(length);
        System.arraycopy(value, 0, bytes, size, length);
        size += length;
    }

    private void tag(int field, int wireType) {
        rawVarint(((long) field << 3) | wireType);
    }

    private void rawVarint(long value) {
        reserve(10);
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            bytes[size++] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        bytes[size++] = (byte) rest;
    }

    private void reserve(int more) {
        if (bytes.length - size < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + more));
        }
    }
}
