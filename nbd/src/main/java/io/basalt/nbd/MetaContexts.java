package io.basalt.nbd;

import java.util.List;

/// The metadata contexts that exist: `base:allocation`, and the ways in which clients ask for it.
final class MetaContexts {
    /// Where content is, and where there is none and zeros are read.
    static final String ALLOCATION = "base:allocation";

    /// Its number on every connection.
    static final int ALLOCATION_ID = 1;

    private static final String BASE = "base:";

    private MetaContexts() {}

    /// Whether queries select the context: only by its full name.
    static boolean selects(List<String> queries) {
        return queries.contains(ALLOCATION);
    }

    /// Whether queries list the context: by name, as one of its namespace, or as one of all.
    static boolean lists(List<String> queries) {
        return queries.isEmpty() || queries.contains(BASE) || selects(queries);
    }
}
