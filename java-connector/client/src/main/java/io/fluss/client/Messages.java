package io.fluss.client;

import io.fluss.client.proto.ProtoReader;
import io.fluss.client.proto.ProtoWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The messages of {@code fluss.proto} and the value classes of this package. Field numbers are those of that file. */
final class Messages {
    private Messages() {}

    static ProtoWriter path(TablePath path) {
        return new ProtoWriter().string(1, path.database()).string(2, path.table());
    }

    static ProtoWriter database(DatabaseInfo database) {
        return new ProtoWriter()
                .string(1, database.name())
                .string(2, database.comment())
                .map(3, database.properties());
    }

    static ProtoWriter descriptor(TableDescriptor descriptor) {
        ProtoWriter writer = new ProtoWriter();
        for (Column column : descriptor.columns()) {
            writer.message(1, column(column));
        }
        return writer.strings(2, descriptor.primaryKey())
                .strings(3, descriptor.bucketKey())
                .varint(4, descriptor.bucketCount())
                .string(5, descriptor.comment())
                .map(6, descriptor.options())
                .map(7, descriptor.customProperties())
                .strings(8, descriptor.partitionKeys());
    }

    static ProtoWriter column(Column column) {
        return new ProtoWriter()
                .string(1, column.name())
                .message(2, type(column.type()))
                .string(3, column.comment());
    }

    static ProtoWriter type(DataType type) {
        ProtoWriter writer = new ProtoWriter()
                .varint(1, type.kind().number())
                .bool(2, !type.isNullable())
                .varint(3, type.length())
                .varint(4, type.precision())
                .varint(5, type.scale());
        if (type.kind() == DataType.Kind.ROW) {
            type.fields().forEach(field -> writer.message(7, column(field)));
        } else {
            type.children().forEach(child -> writer.message(6, type(child)));
        }
        return writer;
    }

    private static DataType readType(ProtoReader in) {
        int kind = 0;
        boolean notNull = false;
        int length = 0;
        int precision = 0;
        int scale = 0;
        List<DataType> types = new ArrayList<>();
        List<Column> fields = new ArrayList<>();
        while (in.next()) {
            switch (in.field()) {
                case 1:
                    kind = in.int32();
                    break;
                case 2:
                    notNull = in.bool();
                    break;
                case 3:
                    length = in.int32();
                    break;
                case 4:
                    precision = in.int32();
                    break;
                case 5:
                    scale = in.int32();
                    break;
                case 6:
                    types.add(readType(in.message()));
                    break;
                case 7:
                    fields.add(readColumn(in.message()));
                    break;
                default:
                    in.skip();
            }
        }
        return DataType.create(DataType.Kind.of(kind), !notNull, length, precision, scale, types, fields);
    }

    private static Column readColumn(ProtoReader in) {
        String name = "";
        DataType type = null;
        String comment = "";
        int id = 0;
        while (in.next()) {
            switch (in.field()) {
                case 1:
                    name = in.string();
                    break;
                case 2:
                    type = readType(in.message());
                    break;
                case 3:
                    comment = in.string();
                    break;
                case 4:
                    id = in.int32();
                    break;
                default:
                    in.skip();
            }
        }
        return new Column(name, type, comment, id);
    }

    private static TablePath readPath(ProtoReader in) {
        String database = "";
        String table = "";
        while (in.next()) {
            switch (in.field()) {
                case 1:
                    database = in.string();
                    break;
                case 2:
                    table = in.string();
                    break;
                default:
                    in.skip();
            }
        }
        return new TablePath(database, table);
    }

    private static TableDescriptor readDescriptor(ProtoReader in) {
        TableDescriptor.Builder builder = TableDescriptor.builder();
        Map<String, String> options = new LinkedHashMap<>();
        Map<String, String> custom = new LinkedHashMap<>();
        while (in.next()) {
            switch (in.field()) {
                case 1:
                    builder.column(readColumn(in.message()));
                    break;
                case 2:
                    builder.primaryKey(in.string());
                    break;
                case 3:
                    builder.bucketKey(List.of(in.string()));
                    break;
                case 4:
                    builder.bucketCount(in.int32());
                    break;
                case 5:
                    builder.comment(in.string());
                    break;
                case 6:
                    in.entry(options);
                    break;
                case 7:
                    in.entry(custom);
                    break;
                case 8:
                    builder.partitionKeys(List.of(in.string()));
                    break;
                default:
                    in.skip();
            }
        }
        return builder.options(options).customProperties(custom).build();
    }

    static TableInfo readTable(ProtoReader in) {
        TablePath path = null;
        long tableId = 0;
        int schemaId = 0;
        TableDescriptor descriptor = null;
        long createdMs = 0;
        while (in.next()) {
            switch (in.field()) {
                case 1:
                    path = readPath(in.message());
                    break;
                case 2:
                    tableId = in.varint();
                    break;
                case 3:
                    schemaId = in.int32();
                    break;
                case 4:
                    descriptor = readDescriptor(in.message());
                    break;
                case 5:
                    createdMs = in.varint();
                    break;
                default:
                    in.skip();
            }
        }
        return new TableInfo(path, tableId, schemaId, descriptor, createdMs);
    }

    /** Values by name of a Metrics. */
    static Map<String, Long> metrics(byte[] bytes) {
        Map<String, Long> values = new LinkedHashMap<>();
        ProtoReader in = new ProtoReader(bytes);
        while (in.next()) {
            if (in.field() != 1) {
                in.skip();
                continue;
            }
            String name = "";
            long value = 0;
            for (ProtoReader entry = in.message(); entry.next(); ) {
                switch (entry.field()) {
                    case 1:
                        name = entry.string();
                        break;
                    case 2:
                        value = entry.varint();
                        break;
                    default:
                        entry.skip();
                }
            }
            values.put(name, value);
        }
        return values;
    }

    static DatabaseInfo readDatabase(ProtoReader in) {
        String name = "";
        String comment = "";
        Map<String, String> properties = new LinkedHashMap<>();
        while (in.next()) {
            switch (in.field()) {
                case 1:
                    name = in.string();
                    break;
                case 2:
                    comment = in.string();
                    break;
                case 3:
                    in.entry(properties);
                    break;
                default:
                    in.skip();
            }
        }
        return new DatabaseInfo(name, comment, properties);
    }
}
