package io.fluss.flink.adapter;

import io.fluss.flink.row.BucketSpread;
import java.util.Optional;
import org.apache.flink.table.connector.source.abilities.SupportsLookupCustomShuffle;

/** A source whose lookup joins get the keys of a bucket in one subtask, when the LOOKUP hint says {@code 'shuffle'='true'}. */
public interface LookupShuffleAdapter extends SupportsLookupCustomShuffle {
    /** Of the keys of the lookup functions; null: they do not say the bucket, or are not the same ones. */
    BucketSpread lookupSpread();

    @Override
    default Optional<InputDataPartitioner> getPartitioner() {
        BucketSpread spread = lookupSpread();
        return spread == null ? Optional.empty() : Optional.of(spread::subtask);
    }
}
