package io.fluss.flink.adapter;

import io.fluss.flink.row.BucketSpread;
import java.util.Optional;
import org.apache.flink.table.connector.source.abilities.SupportsLookupCustomShuffle;

/** A source whose lookup joins get the keys of a bucket in one subtask, when the LOOKUP hint says {@code 'shuffle'='true'}. */
public interface LookupShuffleAdapter extends SupportsLookupCustomShuffle {
    /** Of the keys of the lookup function that was made last; null: they do not say the bucket. */
    BucketSpread lookupSpread();

    @Override
    default Optional<InputDataPartitioner> getPartitioner() {
        BucketSpread spread = lookupSpread();
        return spread == null ? Optional.empty() : Optional.of(spread::subtask);
    }
}
