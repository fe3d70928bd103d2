package io.fluss.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** RENAME TABLE and ALTER DATABASE. */
@Timeout(60)
class RenameTest {
    @TempDir
    Path directory;

    @Test
    void aTableKeepsItsRowsAndWritersUnderItsNewName() {
        TablePath renamed = TablePath.of("test", "people");
        try (TestStore store = new TestStore(directory)) {
            Admin admin = store.connection.admin();
            Table users = store.users(2);
            TestStore.write(users, 0, 10);
            store.events();
            assertThatThrownBy(() -> admin.renameTable(TestStore.USERS, "events"))
                    .isInstanceOfSatisfying(AlreadyExistsException.class, e -> assertThat(e.code()).isEqualTo(302));
            TableInfo now = admin.renameTable(TestStore.USERS, "people");
            assertThat(now.path()).isEqualTo(renamed);
            assertThat(now.tableId()).isEqualTo(users.info().tableId());
            assertThatThrownBy(() -> admin.renameTable(TestStore.USERS, "x")).isInstanceOf(NotFoundException.class);
            assertThat(admin.listTables("test")).containsExactly("events", "people");
            TestStore.write(users, 10, 10);
            assertThat(admin.tableStats(renamed).rowCount()).isEqualTo(20);
        }
        try (TestStore store = new TestStore(directory)) {
            assertThat(store.connection.admin().tableStats(renamed).rowCount()).isEqualTo(20);
        }
    }

    @Test
    void aDatabaseGetsAnotherCommentAndOtherProperties() {
        try (TestStore store = new TestStore(directory)) {
            store.connection.admin().alterDatabase(new DatabaseInfo("test", "new", Map.of("a", "b")));
            assertThatThrownBy(() -> store.connection.admin().alterDatabase(new DatabaseInfo("none", "", Map.of())))
                    .isInstanceOfSatisfying(NotFoundException.class, e -> assertThat(e.code()).isEqualTo(201));
        }
        try (TestStore store = new TestStore(directory)) {
            DatabaseInfo database = store.connection.admin().getDatabase("test");
            assertThat(database.comment()).isEqualTo("new");
            assertThat(database.properties()).containsExactly(Map.entry("a", "b"));
            assertThat(store.connection.admin().listTables("test")).isEmpty();
        }
    }
}
