package io.fluss.jni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fluss.client.InternalException;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The committed list of natives is what this class declares; a Rust test compares it with what is registered. */
class SignaturesTest {
    @Test
    void theDeclaredNativesAreTheCommittedOnes() throws Exception {
        List<String> committed = Files.readAllLines(Paths.get(System.getProperty("fluss.signatures"))).stream()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .collect(Collectors.toList());
        List<String> declared = Stream.of(Native.class.getDeclaredMethods())
                .filter(method -> Modifier.isNative(method.getModifiers()))
                .map(SignaturesTest::signature)
                .sorted()
                .collect(Collectors.toList());
        assertThat(committed).containsExactlyElementsOf(declared);
    }

    @Test
    void theLibrarySpeaksThisVersion() {
        assertThat(Native.abiVersion()).isEqualTo(NativeLibrary.ABI_VERSION);
    }

    @Test
    void anUnsupportedPlatformIsNamed() {
        assertThat(NativeLibrary.platform("Linux", "amd64")).isEqualTo("linux-x86_64");
        assertThatThrownBy(() -> NativeLibrary.platform("Mac OS X", "aarch64"))
                .isInstanceOf(InternalException.class)
                .hasMessageContaining("Mac OS X")
                .hasMessageContaining("aarch64")
                .hasMessageContaining("Linux x86-64");
    }

    private static String signature(Method method) {
        return method.getName() + " "
                + MethodType.methodType(method.getReturnType(), method.getParameterTypes()).toMethodDescriptorString();
    }
}
