package io.fluss.flink.table;

import io.fluss.flink.catalog.FlussCatalogFactory;

import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.catalog.CommonCatalogOptions;
import org.apache.flink.table.factories.Factory;
import org.apache.flink.table.factories.FactoryUtil;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the connector accepts is what {@code docs/options.md} says. The page is made from the native table of options: what differs is mended
 * there, or here.
 */
class OptionsPageTest {
    /** What stands in an option's row after its key: type and unit, default, and so on. */
    private final Map<String, List<String>> rows = new LinkedHashMap<>();

    private final Map<String, List<String>> keysByScope = new LinkedHashMap<>();

    @BeforeEach
    void read() throws Exception {
        List<String> keys = Collections.emptyList();
        for (String line : Files.readAllLines(Paths.get(System.getProperty("fluss.options.page")))) {
            if (line.startsWith("## ")) {
                keys = new ArrayList<>();
                keysByScope.put(line.substring(3), keys);
            } else if (line.startsWith("| `")) {
                List<String> cells = Arrays.asList(line.substring(2, line.length() - 2).split(" \\| "));
                assertThat(cells).as(line).hasSize(6);
                String key = unquoted(cells.get(0));
                keys.add(key);
                assertThat(rows.put(key, cells.subList(1, 6))).as("a second row of " + key).isNull();
            }
        }
    }

    private static String unquoted(String cell) {
        return cell.replace("`", "");
    }

    private String[] keys(String... scopes) {
        return Stream.of(scopes).flatMap(scope -> keysByScope.get(scope).stream()).toArray(String[]::new);
    }

    private static List<String> keys(Collection<ConfigOption<?>> options, String... more) {
        return Stream.concat(options.stream().map(ConfigOption::key), Stream.of(more)).collect(Collectors.toList());
    }

    private static List<ConfigOption<?>> accepted(Factory factory) {
        return Stream.concat(factory.requiredOptions().stream(), factory.optionalOptions().stream())
                .collect(Collectors.toList());
    }

    @Test
    void theOptionsOfEachScopeAreThoseOfThePage() {
        assertThat(keys(FlussConnectorOptions.engineOptions())).containsExactlyInAnyOrder(keys("Engine"));
        assertThat(keys(FlussConnectorOptions.tableOptions())).containsExactlyInAnyOrder(keys("Table"));
        assertThat(keys(FlussConnectorOptions.useOptions())).containsExactlyInAnyOrder(keys("Scan", "Lookup", "Sink"));
        assertThat(keysByScope.keySet())
                .containsExactlyInAnyOrder(
                        "Connection", "Catalog", "Engine", "Declaration", "Table", "Columns", "Scan", "Lookup", "Sink");
    }

    @Test
    void optionsOfColumnsAreKnownByTheirForm() {
        assertThat(keysByScope.get("Columns")).isNotEmpty().allMatch(key -> key.contains(".<column>."));
        assertThat(keysByScope.get("Columns"))
                .allMatch(key -> FlussConnectorOptions.isColumnOption(key.replace("<column>", "a.b")));
        assertThat(FlussConnectorOptions.isColumnOption("fields.a.sum")).isFalse();
    }

    @Test
    void theFactoriesAcceptWhatThePageSays() {
        FlussTableFactory tables = new FlussTableFactory();
        assertThat(keys(accepted(new FlussCatalogFactory()), CommonCatalogOptions.CATALOG_TYPE.key()))
                .containsExactlyInAnyOrder(keys("Connection", "Catalog", "Engine"));
        assertThat(keys(accepted(tables), FactoryUtil.CONNECTOR.key()))
                .containsExactlyInAnyOrder(
                        keys("Connection", "Engine", "Declaration", "Table", "Scan", "Lookup", "Sink"));
        assertThat(keys(tables.forwardOptions())).containsExactlyInAnyOrder(keys("Scan", "Lookup", "Sink"));
    }

    @Test
    void defaultsAndChoicesAreThoseOfThePage() {
        List<ConfigOption<?>> options = accepted(new FlussTableFactory());
        options.addAll(accepted(new FlussCatalogFactory()));
        for (ConfigOption<?> option : options) {
            List<String> row = rows.get(option.key());
            String defaultValue = row.get(1);
            assertThat(option.hasDefaultValue()).as(option.key()).isEqualTo(!defaultValue.equals("–"));
            if (option.hasDefaultValue()) {
                Configuration given =
                        Configuration.fromMap(Collections.singletonMap(option.key(), unquoted(defaultValue)));
                assertThat((Object) given.get(option)).as(option.key()).isEqualTo(option.defaultValue());
            }
            if (option.defaultValue() instanceof Enum) {
                assertThat(Stream.of(((Enum<?>) option.defaultValue()).getDeclaringClass().getEnumConstants())
                                .map(choice -> choice.toString().toLowerCase(Locale.ROOT)))
                        .as(option.key())
                        .containsExactlyInAnyOrder(unquoted(row.get(0)).toLowerCase(Locale.ROOT).split(", "));
            }
        }
    }
}
