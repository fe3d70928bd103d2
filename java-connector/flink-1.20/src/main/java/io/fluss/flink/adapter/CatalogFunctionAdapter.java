package io.fluss.flink.adapter;

import java.util.List;
import java.util.Map;
import org.apache.flink.table.catalog.CatalogFunction;
import org.apache.flink.table.catalog.CatalogFunctionImpl;
import org.apache.flink.table.catalog.FunctionLanguage;
import org.apache.flink.table.resource.ResourceUri;

/** Functions of users; in Flink 1.20 they have no options. */
public final class CatalogFunctionAdapter {
    private CatalogFunctionAdapter() {}

    public static CatalogFunction create(
            String className, FunctionLanguage language, List<ResourceUri> resources, Map<String, String> options) {
        return new CatalogFunctionImpl(className, language, resources);
    }

    public static Map<String, String> options(CatalogFunction function) {
        return Map.of();
    }
}
