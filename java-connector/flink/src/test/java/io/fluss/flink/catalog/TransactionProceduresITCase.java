package io.fluss.flink.catalog;

import io.fluss.client.Connection;
import io.fluss.client.Table;
import io.fluss.client.TablePath;
import io.fluss.client.TransactionalWriter;
import io.fluss.client.WriterOptions;
import io.fluss.flink.testing.Sql;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

class TransactionProceduresITCase {
    @TempDir Path directory;

    @Test
    void aTransactionThatNobodyEndsIsSeenAndAborted() {
        Sql sql = Sql.batch().on(directory);
        sql.run("CREATE TABLE t (a INT)");
        try (Connection connection = Connection.open(Collections.singletonMap("data.dir", directory.toString()));
                Table table = connection.table(TablePath.of("fluss", "t"));
                TransactionalWriter writer = table.newTransactionalWriter(WriterOptions.defaults())) {
            int row = writer.batch().beginRow();
            writer.batch().column(0).setInt(row, 7);
            writer.batch().endRow();
            writer.write(writer.batch());
            byte[] prepared = writer.prepare();
            List<String> listed = sql.rows("CALL sys.list_transactions('fluss.t')");
            assertThat(listed).hasSize(1);
            assertThat(listed.get(0)).matches("\\+I\\[\\d+, 20.*Z\\]");
            String id = listed.get(0).replaceAll("\\+I\\[(\\d+),.*", "$1");
            assertThat(sql.rows("CALL sys.abort_transaction('fluss.t', %s)", id)).containsExactly("+I[success]");
            assertThat(sql.rows("CALL sys.list_transactions('fluss.t')")).isEmpty();
            assertThatThrownBy(() -> connection.admin().commitTransaction(prepared)).hasMessageContaining(id);
        }
        assertThat(sql.rows("SELECT * FROM t")).isEmpty();
    }
}
