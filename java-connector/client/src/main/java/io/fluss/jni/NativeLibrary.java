package io.fluss.jni;

import io.fluss.client.FlussException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;

/**
 * Loads the native library: one engine a process, whatever number of class loaders use it. {@code native/docs/jni.md},
 * "Loading", says why and how.
 */
public final class NativeLibrary {
    /** What {@link Native#abiVersion()} must give. Raised with every change of a signature or a layout. */
    public static final int ABI_VERSION = 7;

    /** System property: a directory that holds both libraries, used instead of those in the jar. */
    public static final String PATH_PROPERTY = "fluss.native.path";

    static final String ENGINE = "libfluss_jni.so";
    static final String LOADER = "libfluss_jni_loader.so";
    private static final String ENGINE_PROPERTY = "fluss.native.engine.";
    private static final Set<PosixFilePermission> ONLY_OWNER = PosixFilePermissions.fromString("rwx------");

    private static final Duration KEEP_UNUSED = Duration.ofDays(7);

    private static boolean loaded;
    private static boolean loading;

    private NativeLibrary() {}

    /**
     * Loads it into the class loader of this class; later calls do nothing.
     *
     * @throws FlussException code 900 with what is missing, wrong or unsupported
     */
    public static synchronized void load() {
        if (loaded) {
            checkAbi();
            return;
        }
        if (loading) {
            // The library looks up the class Native while it is loaded, whose initializer comes back here.
            return;
        }
        loading = true;
        try {
            extractAndLoad();
            loaded = true;
        } finally {
            loading = false;
        }
        checkAbi();
    }

    private static void extractAndLoad() {
        String platform = platform(System.getProperty("os.name"), System.getProperty("os.arch"));
        try {
            byte[] engine = read(platform, ENGINE);
            String hash = hash(engine);
            Path engineFile;
            // An interned string is the same object in all class loaders: two that load at once must not extract both.
            synchronized ((ENGINE_PROPERTY + hash).intern()) {
                engineFile = extractEngine(engine, hash);
            }
            loadShim(engineFile, read(platform, LOADER));
        } catch (IOException e) {
            throw failure("cannot put the native library in place: " + e + "; is java.io.tmpdir ("
                    + System.getProperty("java.io.tmpdir") + ") writable, and is there room?", e);
        } catch (UnsatisfiedLinkError e) {
            throw failure("cannot load the native library: " + e.getMessage()
                    + "; is java.io.tmpdir (" + System.getProperty("java.io.tmpdir") + ") mounted noexec?", e);
        }
    }

    private static void checkAbi() {
        int abi = Native.abiVersion();
        if (abi != ABI_VERSION) {
            throw failure("the native library speaks version " + abi + " of the boundary, this jar version " + ABI_VERSION
                    + "; use a jar and a library of one build (system property " + PATH_PROPERTY + " = "
                    + System.getProperty(PATH_PROPERTY) + ")", null);
        }
    }

    static String platform(String os, String arch) {
        boolean linux = os.toLowerCase(java.util.Locale.ROOT).startsWith("linux");
        boolean x86 = arch.equals("amd64") || arch.equals("x86_64");
        if (!linux || !x86) {
            throw failure("no native library for operating system '" + os + "' on '" + arch
                    + "': this version runs on Linux x86-64 (glibc)", null);
        }
        return "linux-x86_64";
    }

    private static byte[] read(String platform, String name) throws IOException {
        String directory = System.getProperty(PATH_PROPERTY);
        if (directory != null) {
            Path file = Paths.get(directory, name);
            if (!Files.isRegularFile(file)) {
                throw failure("system property " + PATH_PROPERTY + " names the directory " + directory
                        + ", but there is no " + name + " in it", null);
            }
            return Files.readAllBytes(file);
        }
        String resource = "/native/" + platform + "/" + name;
        URL url = NativeLibrary.class.getResource(resource);
        if (url == null) {
            throw failure("the jar has no " + resource + ": build it with 'make dist', or name a directory with "
                    + ENGINE + " and " + LOADER + " in the system property " + PATH_PROPERTY, null);
        }
        java.net.URLConnection connection = url.openConnection();
        // A cached JarFile would stay open, and keep the job's jar on disk, after the class loader is gone.
        connection.setUseCaches(false);
        try (InputStream in = connection.getInputStream()) {
            return in.readAllBytes();
        }
    }

    /** Puts the engine where every class loader of this process and every process of this user finds it. */
    private static Path extractEngine(byte[] engine, String hash) throws IOException {
        String known = System.getProperty(ENGINE_PROPERTY + hash);
        Path file = known != null ? Paths.get(known) : userDirectory().resolve(hash).resolve(ENGINE);
        privateDirectory(file.getParent());
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) != engine.length) {
            Path part = file.resolveSibling(ENGINE + "." + UUID.randomUUID() + ".part");
            try {
                Files.write(part, engine);
                moveInPlace(part, file);
            } finally {
                Files.deleteIfExists(part);
            }
            removeUnused(file.getParent().getParent());
        }
        Files.setLastModifiedTime(file.getParent(), FileTime.from(Instant.now()));
        System.setProperty(ENGINE_PROPERTY + hash, file.toString());
        return file;
    }

    /** Engines of other versions that nobody has loaded for a while; one that a process still uses stays mapped there. */
    private static void removeUnused(Path userDirectory) throws IOException {
        Instant old = Instant.now().minus(KEEP_UNUSED);
        try (DirectoryStream<Path> versions = Files.newDirectoryStream(userDirectory)) {
            for (Path version : versions) {
                if (Files.getLastModifiedTime(version).toInstant().isBefore(old)) {
                    Files.deleteIfExists(version.resolve(ENGINE));
                }
            }
        }
    }

    /** The JVM binds a library to one class loader, so each gets a copy of the shim; the file is not needed once loaded. */
    private static void loadShim(Path engineFile, byte[] loader) throws IOException {
        Path shim = engineFile.resolveSibling(LOADER + "." + UUID.randomUUID());
        try {
            Files.write(shim, loader);
            System.load(shim.toString());
        } finally {
            Files.deleteIfExists(shim);
        }
    }

    private static void moveInPlace(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static Path userDirectory() throws IOException {
        String user = System.getProperty("user.name").replaceAll("[^A-Za-z0-9_.-]", "_");
        Path directory = Paths.get(System.getProperty("java.io.tmpdir"), "fluss-native-" + user).toAbsolutePath();
        privateDirectory(directory);
        return directory;
    }

    /** Creates it for its owner alone, or refuses one that somebody else could have filled with a library of theirs. */
    private static void privateDirectory(Path directory) throws IOException {
        if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
            Path parent = directory.getParent();
            if (!Files.exists(parent)) {
                privateDirectory(parent);
            }
            try {
                Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(ONLY_OWNER));
            } catch (java.nio.file.FileAlreadyExistsException another) {
                // Another process of the same user was faster; it is checked like any other directory below.
                checkPrivate(directory);
            }
        }
        checkPrivate(directory);
    }

    private static void checkPrivate(Path directory) throws IOException {
        Path probe = Files.createTempFile(directory, "owner", ".probe");
        try {
            boolean mine = Files.getOwner(directory, LinkOption.NOFOLLOW_LINKS).equals(Files.getOwner(probe));
            Set<PosixFilePermission> permissions =
                    Files.getPosixFilePermissions(directory, LinkOption.NOFOLLOW_LINKS);
            boolean open = permissions.contains(PosixFilePermission.GROUP_WRITE)
                    || permissions.contains(PosixFilePermission.OTHERS_WRITE);
            if (!mine || open || !Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
                throw failure("the directory " + directory + " for the native library belongs to somebody else or is"
                        + " writable for others; remove it, or set java.io.tmpdir to a directory of your own", null);
            }
        } finally {
            Files.deleteIfExists(probe);
        }
    }

    private static String hash(byte[] bytes) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
            StringBuilder hex = new StringBuilder();
            for (int i = 0; i < 8; i++) {
                hex.append(String.format("%02x", digest[i]));
            }
            return hex.toString();
        } catch (NoSuchAlgorithmException e) {
            throw failure("this Java has no SHA-256", e);
        }
    }

    private static FlussException failure(String message, Throwable cause) {
        FlussException failure = FlussException.of(FlussException.INTERNAL, false, message);
        if (cause != null) {
            failure.initCause(cause);
        }
        return failure;
    }
}
