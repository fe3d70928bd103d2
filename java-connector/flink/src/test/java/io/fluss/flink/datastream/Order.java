package io.fluss.flink.datastream;

import io.fluss.flink.row.OperationType;
import io.fluss.flink.row.RowWithOp;
import io.fluss.flink.sink.serializer.FlussSerializationSchema;
import io.fluss.flink.source.deserializer.FlussDeserializationSchema;
import io.fluss.record.LogRecord;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.types.logical.RowType;

import java.math.BigDecimal;

/** A class of a user: {@code (id BIGINT, item STRING, price DECIMAL(10, 2))}. */
public class Order {
    public long id;
    public String item;
    public BigDecimal price;

    public Order() {}

    Order(long id, String item, String price) {
        this.id = id;
        this.item = item;
        this.price = new BigDecimal(price);
    }

    @Override
    public String toString() {
        return id + " " + item + " " + price;
    }

    /** Rows of orders. */
    public static class Writer implements FlussSerializationSchema<Order> {
        private static final long serialVersionUID = 1L;

        @Override
        public RowWithOp serialize(Order order) {
            RowData row = GenericRowData.of(
                    order.id, StringData.fromString(order.item), DecimalData.fromBigDecimal(order.price, 10, 2));
            return new RowWithOp(row, OperationType.UPSERT);
        }
    }

    /** Orders of rows. */
    public static class Reader implements FlussDeserializationSchema<Order> {
        private static final long serialVersionUID = 1L;

        @Override
        public Order deserialize(LogRecord record) {
            RowData row = record.getRow();
            return new Order(row.getLong(0), row.getString(1).toString(), row.getDecimal(2, 10, 2).toString());
        }

        @Override
        public TypeInformation<Order> getProducedType(RowType rowSchema) {
            return TypeInformation.of(Order.class);
        }
    }
}
