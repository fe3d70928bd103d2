package io.fluss.flink.source.deserializer;

import io.fluss.record.LogRecord;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonFactory;
import org.apache.flink.shaded.jackson2.com.fasterxml.jackson.core.JsonGenerator;
import org.apache.flink.table.types.logical.RowType;

import java.io.IOException;
import java.io.StringWriter;

/**
 * A JSON object a row: {@code {"offset":…,"timestamp":…,"change_type":"INSERT","row":{…}}}; {@link LogRecord} says what the first three
 * are. DECIMAL is a number, bytes are Base64, dates and times are text as ISO 8601 has it, NaN and infinite numbers are text.
 */
public final class JsonStringDeserializationSchema implements FlussDeserializationSchema<String> {
    private static final long serialVersionUID = 1L;

    private transient JsonFactory factory;
    private transient JsonFields row;

    @Override
    public void open(InitializationContext context) {
        factory = new JsonFactory();
        row = JsonFields.of(context.getRowSchema());
    }

    @Override
    public String deserialize(LogRecord record) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = factory.createGenerator(text)) {
            json.writeStartObject();
            json.writeNumberField("offset", record.logOffset());
            json.writeNumberField("timestamp", record.timestamp());
            json.writeStringField("change_type", record.getChangeType().name());
            json.writeFieldName("row");
            row.write(json, record.getRow());
            json.writeEndObject();
        }
        return text.toString();
    }

    @Override
    public TypeInformation<String> getProducedType(RowType rowSchema) {
        return Types.STRING;
    }
}
