package io.fluss.client;

/** An engine option that is in force. */
public final class OptionInfo {
    private final String key;
    private final String value;
    private final boolean given;

    OptionInfo(String key, String value, boolean given) {
        this.key = key;
        this.value = value;
        this.given = given;
    }

    public String key() {
        return key;
    }

    /** As it was written, or as {@code docs/options.md} writes the default. */
    public String value() {
        return value;
    }

    /** Whether who opened the store first gave it; else it is the default. */
    public boolean isGiven() {
        return given;
    }

    @Override
    public String toString() {
        return key + "=" + value;
    }
}
