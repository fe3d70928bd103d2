package io.fluss.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Every code of the native side has a Java class. */
class ErrorCodesTest {
    private static final Pattern CODE = Pattern.compile("(?m)^    (\\w+) = (\\d{3}),$");

    @Test
    void everyCodeOfTheNativeSideHasItsClass() throws Exception {
        Map<Integer, Class<?>> kinds = new LinkedHashMap<>();
        kinds.put(1, InvalidArgumentException.class);
        kinds.put(2, NotFoundException.class);
        kinds.put(3, AlreadyExistsException.class);
        kinds.put(4, FencedException.class);
        kinds.put(5, UnavailableException.class);
        kinds.put(6, CorruptException.class);
        kinds.put(7, ExhaustedException.class);
        kinds.put(8, ClosedException.class);
        kinds.put(9, InternalException.class);
        Path signatures = Paths.get(System.getProperty("fluss.signatures"));
        Path source = signatures.resolveSibling("../types/src/error.rs").normalize();
        Matcher codes = CODE.matcher(Files.readString(source));
        int count = 0;
        while (codes.find()) {
            int code = Integer.parseInt(codes.group(2));
            FlussException error = FlussException.of(code, true, "text");
            assertThat(error).as(codes.group(1)).isInstanceOf(kinds.get(code / 100));
            assertThat(error.code()).isEqualTo(code);
            assertThat(error.retryable()).isTrue();
            assertThat(error).hasMessage("text");
            count++;
        }
        assertThat(count).isGreaterThanOrEqualTo(28);
        assertThat(FlussException.of(901, false, "")).isExactlyInstanceOf(NativePanicException.class);
    }

    @Test
    void aCodeOfALaterVersionIsAnInternalErrorThatSaysSo() {
        assertThat(FlussException.of(1234, false, "text"))
                .isInstanceOf(InternalException.class)
                .hasMessageContaining("1234")
                .hasMessageStartingWith("text");
    }
}
