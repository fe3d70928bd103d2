package io.fluss.sqlrunner;

import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.TableConfig;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.gateway.api.operation.OperationHandle;
import org.apache.flink.table.gateway.api.results.ResultSet;
import org.apache.flink.table.gateway.api.session.SessionEnvironment;
import org.apache.flink.table.gateway.api.session.SessionHandle;
import org.apache.flink.table.gateway.api.utils.SqlGatewayException;
import org.apache.flink.table.gateway.rest.util.SqlGatewayRestAPIVersion;
import org.apache.flink.table.gateway.service.SqlGatewayServiceImpl;
import org.apache.flink.table.gateway.service.context.DefaultContext;
import org.apache.flink.table.gateway.service.session.SessionManager;
import org.apache.flink.table.planner.codegen.CodeGeneratorContext;
import org.apache.flink.table.planner.functions.casting.RowDataToStringConverterImpl;
import org.apache.flink.table.utils.print.RowDataToStringConverter;

/** One session of Flink's SQL gateway in this process; its jobs run in local mini clusters. */
final class Session implements AutoCloseable {
    private final SessionManager manager;
    private final SqlGatewayServiceImpl service;
    private final SessionHandle handle;

    Session(Map<String, String> config) {
        manager = SessionManager.create(new DefaultContext(Configuration.fromMap(config), Collections.emptyList()));
        manager.start();
        service = new SqlGatewayServiceImpl(manager);
        handle = service.openSession(SessionEnvironment.newBuilder()
                .setSessionEndpointVersion(SqlGatewayRestAPIVersion.getDefaultVersion())
                .build());
    }

    /** What a statement gave. */
    static final class Result {
        /** Whether the rows are an answer to a question, not the "OK" or the job id of a statement that does something. */
        final boolean query;
        /** {@code op | value | value}, NULL as {@code <NULL>}. */
        final List<String> rows;

        Result(boolean query, List<String> rows) {
            this.query = query;
            this.rows = rows;
        }
    }

    /**
     * Runs one statement to its end, or until {@code limit} rows have come (-1: no limit).
     *
     * @throws SqlGatewayException what the statement failed with, the reason among its causes
     */
    Result run(String sql, int limit, Duration timeout) throws InterruptedException {
        long deadline = System.nanoTime() + timeout.toNanos();
        OperationHandle operation = service.executeStatement(handle, sql, -1, new Configuration());
        try {
            List<String> rows = new ArrayList<>();
            boolean query = false;
            RowDataToStringConverter converter = null;
            long token = 0;
            while (limit < 0 || rows.size() < limit) {
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException("no end within " + timeout.toSeconds() + " s; rows so far: " + rows);
                }
                ResultSet batch = service.fetchResults(handle, operation, token, 1000);
                if (batch.getResultType() == ResultSet.ResultType.NOT_READY) {
                    Thread.sleep(5);
                    continue;
                }
                query = query || batch.isQueryResult() || answers(sql);
                if (converter == null && !batch.getData().isEmpty()) {
                    converter = converter(batch);
                }
                for (RowData row : batch.getData()) {
                    if (limit < 0 || rows.size() < limit) {
                        rows.add(row.getRowKind().shortString() + " | " + String.join(" | ", converter.convert(row)));
                    }
                }
                if (batch.getResultType() == ResultSet.ResultType.EOS) {
                    break;
                }
                token = batch.getNextToken();
                if (batch.getData().isEmpty()) {
                    Thread.sleep(5);
                }
            }
            return new Result(query, rows);
        } finally {
            service.closeOperation(handle, operation);
        }
    }

    /** SHOW, DESCRIBE and CALL are answers too; {@link ResultSet#isQueryResult} is true for jobs only. */
    private static boolean answers(String sql) {
        return Arrays.asList("SHOW", "DESCRIBE", "DESC", "EXPLAIN", "CALL").contains(sql.split("\\s+", 2)[0].toUpperCase(java.util.Locale.ROOT));
    }

    private static RowDataToStringConverter converter(ResultSet batch) {
        ClassLoader loader = Session.class.getClassLoader();
        return new RowDataToStringConverterImpl(batch.getResultSchema().toPhysicalRowDataType(), ZoneOffset.UTC, loader, false,
                new CodeGeneratorContext(TableConfig.getDefault(), loader));
    }

    @Override
    public void close() {
        service.closeSession(handle);
        manager.stop();
    }
}
