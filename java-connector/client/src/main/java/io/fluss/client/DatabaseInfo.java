package io.fluss.client;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** A database. */
public final class DatabaseInfo {
    private final String name;
    private final String comment;
    private final Map<String, String> properties;

    /** @param comment may be empty */
    public DatabaseInfo(String name, String comment, Map<String, String> properties) {
        this.name = name;
        this.comment = comment == null ? "" : comment;
        this.properties = Collections.unmodifiableMap(new LinkedHashMap<>(properties));
    }

    public String name() {
        return name;
    }

    public String comment() {
        return comment;
    }

    public Map<String, String> properties() {
        return properties;
    }
}
