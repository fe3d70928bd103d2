package io.fluss.flink.catalog;

import io.fluss.flink.table.FlussConnectorOptions;
import io.fluss.flink.table.FlussOptionsValidation;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.table.catalog.Catalog;
import org.apache.flink.table.catalog.CommonCatalogOptions;
import org.apache.flink.table.factories.CatalogFactory;

import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** {@code CREATE CATALOG c WITH ('type' = 'fluss', 'data.dir' = '/path')}. */
public final class FlussCatalogFactory implements CatalogFactory {
    /** Created when missing. */
    public static final ConfigOption<String> DEFAULT_DATABASE =
            ConfigOptions.key(CommonCatalogOptions.DEFAULT_DATABASE_KEY).stringType().defaultValue("fluss");

    @Override
    public String factoryIdentifier() {
        return TableMapping.IDENTIFIER;
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Collections.emptySet();
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        Set<ConfigOption<?>> options = new LinkedHashSet<>(FlussConnectorOptions.connectionAndEngineOptions());
        options.add(DEFAULT_DATABASE);
        return options;
    }

    @Override
    public Catalog createCatalog(Context context) {
        String where = "catalog '" + context.getName() + "'";
        Map<String, String> options = context.getOptions();
        FlussOptionsValidation.validate(
                where,
                options,
                optionalOptions(),
                Arrays.asList(CommonCatalogOptions.CATALOG_TYPE.key(), "property-version"));
        String database = options.getOrDefault(DEFAULT_DATABASE.key(), DEFAULT_DATABASE.defaultValue());
        IdentifierRules.check("database", database);
        return new FlussCatalog(
                context.getName(), database, FlussOptionsValidation.connectionOptions(where, options));
    }
}
