package io.fluss.flink.catalog;

import io.fluss.client.FlussException;

/** Error codes of the store that Flink's catalog has exceptions for; the list is native/types/src/error.rs. */
final class Codes {
    private Codes() {}

    static boolean invalid(FlussException e) {
        return e.code() / 100 == 1;
    }

    static boolean noDatabase(FlussException e) {
        return e.code() == 201;
    }

    static boolean noTable(FlussException e) {
        return e.code() == 202;
    }

    static boolean databaseExists(FlussException e) {
        return e.code() == 301;
    }

    static boolean tableExists(FlussException e) {
        return e.code() == 302;
    }

    static boolean noPartition(FlussException e) {
        return e.code() == FlussException.PARTITION_NOT_FOUND;
    }

    static boolean partitionExists(FlussException e) {
        return e.code() == 305;
    }

    static boolean databaseNotEmpty(FlussException e) {
        return e.code() == 303;
    }
}
