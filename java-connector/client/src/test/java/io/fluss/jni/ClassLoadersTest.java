package io.fluss.jni;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.lang.ref.WeakReference;
import java.lang.reflect.Method;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Flink loads a user jar once a job: many class loaders, one engine, and none of them kept alive by it. */
@Timeout(120)
class ClassLoadersTest {
    @TempDir
    Path directory;

    @Test
    void twoClassLoadersShareOneStore() throws Exception {
        try (ChildFirst one = new ChildFirst();
                ChildFirst two = new ChildFirst()) {
            // Two connections to one directory: a second engine would be refused by the lock of the first.
            Object first = one.session("open", directory.toString());
            Object second = two.session("open", directory.toString());
            assertThat(first.getClass()).isNotSameAs(second.getClass());
            assertThat(first.getClass().getName()).isEqualTo(second.getClass().getName());
            call(first, "write", 0L, 100);
            assertThat(call(second, "lookup", 99L)).isEqualTo("name-99");
            call(second, "write", 100L, 100);
            assertThat(call(first, "lookup", 150L)).isEqualTo("name-150");
            assertThat(call(first, "lookup", 1_000L)).isNull();
            call(first, "close");
            assertThat(call(second, "lookup", 150L)).isEqualTo("name-150");
            call(second, "close");
        }
    }

    @Test
    void anErrorIsOfTheClassLoaderThatMadeTheCall() throws Exception {
        try (ChildFirst one = new ChildFirst()) {
            Object session = one.session("open", directory.toString());
            Throwable error = (Throwable) call(session, "errorOfAMissingTable");
            assertThat(error.getClass().getName()).isEqualTo("io.fluss.client.NotFoundException");
            assertThat(error.getClass().getClassLoader()).isSameAs(one);
            call(session, "close");
        }
    }

    @Test
    void fiftyClassLoadersComeAndGo() throws Exception {
        List<WeakReference<ClassLoader>> gone = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            gone.add(useAndDrop(i));
        }
        // One may still be held by the thread that ends; the collector needs more than one round for the rest.
        long alive = gone.size();
        for (int i = 0; i < 100 && alive > 2; i++) {
            System.gc();
            Thread.sleep(50);
            alive = gone.stream().filter(reference -> reference.get() != null).count();
        }
        assertThat(alive).isLessThanOrEqualTo(2);
        Set<String> lookupThreads = Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .filter("fluss-lookup"::equals)
                .collect(Collectors.toSet());
        assertThat(lookupThreads).isEmpty();
    }

    private WeakReference<ClassLoader> useAndDrop(int round) throws Exception {
        try (ChildFirst loader = new ChildFirst()) {
            Object session = loader.session("open", directory.toString());
            call(session, "write", round * 10L, 10);
            assertThat(call(session, "lookupAsync", round * 10L)).isEqualTo("name-" + round * 10);
            call(session, "close");
            return new WeakReference<>(loader);
        }
    }

    private static Object call(Object session, String method, Object... arguments) throws Exception {
        for (Method candidate : session.getClass().getMethods()) {
            if (candidate.getName().equals(method)) {
                return candidate.invoke(session, arguments);
            }
        }
        throw new NoSuchMethodException(method);
    }

    /** Loads io.fluss itself, as Flink's user code class loader does, and the rest from its parent. */
    private static final class ChildFirst extends URLClassLoader {
        ChildFirst() {
            super(classPath(), ClassLoadersTest.class.getClassLoader());
        }

        Object session(String factory, String argument) throws Exception {
            Class<?> type = loadClass("io.fluss.client.LoaderSession");
            Method method = type.getMethod(factory, String.class);
            return method.invoke(null, argument);
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (!name.startsWith("io.fluss.")) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> known = findLoadedClass(name);
                return known != null ? known : findClass(name);
            }
        }

        private static URL[] classPath() {
            String[] entries = System.getProperty("java.class.path").split(File.pathSeparator);
            URL[] urls = new URL[entries.length];
            for (int i = 0; i < entries.length; i++) {
                try {
                    urls[i] = new File(entries[i]).toURI().toURL();
                } catch (MalformedURLException e) {
                    throw new IllegalStateException(e);
                }
            }
            return urls;
        }
    }
}
