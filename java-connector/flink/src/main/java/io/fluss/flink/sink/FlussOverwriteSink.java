package io.fluss.flink.sink;

import io.fluss.flink.adapter.CommittableAdapter;
import io.fluss.flink.sink.serializer.RowDataSerializationSchema;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.api.connector.sink2.CommitterInitContext;
import org.apache.flink.api.connector.sink2.CommittingSinkWriter;
import org.apache.flink.api.connector.sink2.SupportsCommitter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessage;
import org.apache.flink.streaming.api.connector.sink2.CommittableMessageTypeInfo;
import org.apache.flink.streaming.api.connector.sink2.CommittableWithLineage;
import org.apache.flink.streaming.api.connector.sink2.SupportsPreCommitTopology;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.table.data.RowData;

/**
 * Replaces rows of one table, in a batch job: all subtasks stage their rows, and one commit at the end of the input replaces what is there
 * ({@code native/docs/consistency.md}, "Overwrites"). A job that fails before leaves the table as it is.
 */
final class FlussOverwriteSink extends FlussSink<RowData>
        implements SupportsCommitter<OverwriteCommittable>,
                SupportsPreCommitTopology<FlussCommittable, OverwriteCommittable> {
    private static final long serialVersionUID = 1L;

    private final TreeMap<String, String> partition;

    /** @param partition that the statement names: values of all partition keys as text; none: those that get rows are replaced, or all rows */
    FlussOverwriteSink(SinkSpec spec, Map<String, String> partition) {
        super(spec, new RowDataSerializationSchema(false, false), true);
        this.partition = new TreeMap<>(partition);
    }

    @Override
    public CommittingSinkWriter<RowData, FlussCommittable> createWriter(WriterInitContext context) {
        return new FlussTransactionalSinkWriter<>(SinkTable.open(spec), schema, context.metricGroup(), true);
    }

    @Override
    public DataStream<CommittableMessage<OverwriteCommittable>> addPreCommitTopology(
            DataStream<CommittableMessage<FlussCommittable>> prepared) {
        // All that it gives goes to one subtask of the committer.
        return prepared.global()
                .transform(
                        "Gather",
                        CommittableMessageTypeInfo.of(() -> OverwriteCommittableSerializer.INSTANCE),
                        new Gather(partition))
                .setParallelism(1)
                .setMaxParallelism(1)
                .global();
    }

    @Override
    public SimpleVersionedSerializer<FlussCommittable> getWriteResultSerializer() {
        return FlussCommittableSerializer.INSTANCE;
    }

    @Override
    public Committer<OverwriteCommittable> createCommitter(CommitterInitContext context) {
        return new FlussCommitter<>(
                spec, (admin, overwrite) -> admin.commitOverwrite(overwrite.prepared(), overwrite.partition()));
    }

    @Override
    public SimpleVersionedSerializer<OverwriteCommittable> getCommittableSerializer() {
        return OverwriteCommittableSerializer.INSTANCE;
    }

    /** Makes one overwrite of what all writers have prepared. */
    private static final class Gather extends AbstractStreamOperator<CommittableMessage<OverwriteCommittable>>
            implements OneInputStreamOperator<CommittableMessage<FlussCommittable>, CommittableMessage<OverwriteCommittable>>,
                    BoundedOneInput {
        private static final long serialVersionUID = 1L;

        private final TreeMap<String, String> partition;
        private transient List<byte[]> prepared;
        /** Of the end of the input, the same in all writers. */
        private transient long checkpointId;

        Gather(TreeMap<String, String> partition) {
            this.partition = partition;
        }

        @Override
        public void open() {
            prepared = new ArrayList<>();
        }

        @Override
        public void processElement(StreamRecord<CommittableMessage<FlussCommittable>> element) {
            CommittableMessage<FlussCommittable> message = element.getValue();
            checkpointId = CommittableAdapter.checkpointId(message);
            if (message instanceof CommittableWithLineage) {
                prepared.add(((CommittableWithLineage<FlussCommittable>) message).getCommittable().bytes());
            }
        }

        @Override
        public void endInput() {
            OverwriteCommittable all = new OverwriteCommittable(prepared, partition);
            output.collect(new StreamRecord<>(CommittableAdapter.summaryOfOne(checkpointId)));
            output.collect(new StreamRecord<>(new CommittableWithLineage<>(all, checkpointId, 0)));
        }
    }
}
