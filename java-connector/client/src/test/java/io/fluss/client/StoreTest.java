package io.fluss.client;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Tests that have a store open, each its own. */
abstract class StoreTest {
    @TempDir
    Path directory;

    TestStore store;
    Admin admin;

    @BeforeEach
    final void openStore() {
        store = new TestStore(directory);
        admin = store.connection.admin();
    }

    @AfterEach
    final void closeStore() {
        store.close();
    }
}
