package io.fluss.flink.catalog;

import io.fluss.client.Admin;
import io.fluss.client.DatabaseInfo;
import io.fluss.flink.adapter.CatalogFunctionAdapter;
import io.fluss.flink.function.BitmapFunctions;

import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.CatalogFunction;
import org.apache.flink.table.catalog.CatalogFunctionImpl;
import org.apache.flink.table.catalog.FunctionLanguage;
import org.apache.flink.table.resource.ResourceType;
import org.apache.flink.table.resource.ResourceUri;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/**
 * The functions over bitmaps, which every database has, and those of users: where the code of one is, not the code, in properties
 * {@code function.<name>.…} of its database, which Flink does not see.
 */
final class CatalogFunctions {
    private static final String PREFIX = "function.";
    private static final String CLASS = ".class-name";
    private static final String LANGUAGE = ".language";
    private static final String RESOURCE = ".resource.";
    private static final String OPTION = ".option.";

    private CatalogFunctions() {}

    static List<String> names(DatabaseInfo database) {
        TreeSet<String> names = new TreeSet<>(BitmapFunctions.all().keySet());
        select(database.properties(), true).keySet().forEach(key -> {
            String rest = key.substring(PREFIX.length());
            names.add(rest.substring(0, rest.indexOf('.')));
        });
        return new ArrayList<>(names);
    }

    /** @return null: there is none */
    static CatalogFunction of(DatabaseInfo database, String asWritten) {
        String name = normalized(asWritten);
        if (isOurs(name)) {
            return new CatalogFunctionImpl(BitmapFunctions.all().get(name).getName());
        }
        Map<String, String> properties = database.properties();
        String key = PREFIX + name;
        if (!properties.containsKey(key + CLASS)) {
            return null;
        }
        List<ResourceUri> resources = new ArrayList<>();
        for (int i = 0; properties.containsKey(key + RESOURCE + i + ".uri"); i++) {
            resources.add(new ResourceUri(
                    ResourceType.valueOf(properties.get(key + RESOURCE + i + ".type")),
                    properties.get(key + RESOURCE + i + ".uri")));
        }
        Map<String, String> options = new LinkedHashMap<>();
        properties.forEach((property, value) -> {
            if (property.startsWith(key + OPTION)) {
                options.put(property.substring((key + OPTION).length()), value);
            }
        });
        return CatalogFunctionAdapter.create(
                properties.get(key + CLASS), FunctionLanguage.valueOf(properties.get(key + LANGUAGE)), resources, options);
    }

    static boolean isOurs(String name) {
        return BitmapFunctions.all().containsKey(normalized(name));
    }

    /** Names of functions are the same in upper and lower case. */
    private static String normalized(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    /** Puts a function into the database, in place of one of its name. @param function null: it has none of that name then */
    static void put(Admin admin, DatabaseInfo database, String asWritten, CatalogFunction function) {
        String name = normalized(asWritten);
        IdentifierRules.check("function", name);
        if (isOurs(name)) {
            throw new ValidationException(
                    "Function '" + name + "' is the Fluss catalog's own and stays as it is; use another name.");
        }
        Map<String, String> properties = new LinkedHashMap<>(database.properties());
        String key = PREFIX + name;
        properties.keySet().removeIf(property -> property.startsWith(key + "."));
        if (function != null) {
            properties.put(key + CLASS, function.getClassName());
            properties.put(key + LANGUAGE, function.getFunctionLanguage().name());
            List<ResourceUri> resources = function.getFunctionResources();
            for (int i = 0; i < resources.size(); i++) {
                properties.put(key + RESOURCE + i + ".type", resources.get(i).getResourceType().name());
                properties.put(key + RESOURCE + i + ".uri", resources.get(i).getUri());
            }
            CatalogFunctionAdapter.options(function)
                    .forEach((option, value) -> properties.put(key + OPTION + option, value));
        }
        admin.alterDatabase(new DatabaseInfo(database.name(), database.comment(), properties));
    }

    /** Those of a database's properties that are functions of users, or the others. */
    static Map<String, String> select(Map<String, String> properties, boolean functions) {
        Map<String, String> selected = new LinkedHashMap<>(properties);
        selected.keySet().removeIf(key -> key.startsWith(PREFIX) != functions);
        return selected;
    }
}
