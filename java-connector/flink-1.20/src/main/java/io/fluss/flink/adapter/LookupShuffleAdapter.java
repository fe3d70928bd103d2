package io.fluss.flink.adapter;

import io.fluss.flink.row.BucketSpread;

/** A source that could say which keys of lookup joins belong together; Flink 1.20 does not ask. */
public interface LookupShuffleAdapter {
    BucketSpread lookupSpread();
}
