package io.basalt.cli.upgrade;

/// A process that an upgrade restarts, as the cluster knows it.
///
/// @param kind what it is
/// @param name of the node, or the number of the metaserver's replica; `meta` if there is only one metaserver
/// @param host where it stands; empty if that is not known
/// @param software version, for people; empty if that is not known
/// @param sinceMs when it registered last, milliseconds since 1970; 0 if it does not
/// @param answers whether it is up
/// @param leads whether it is the metaserver that leads
record Member(Kind kind, String name, String host, String software, long sinceMs, boolean answers, boolean leads) {
    /// What there is to restart, in this order.
    enum Kind {
        /// A metaserver; they come first, so that they understand whatever newer nodes say.
        META("metaserver"),
        /// A chunk server.
        CHUNK("chunk server");

        private final String text;

        Kind(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }
    }

    /// The name under which its host knows it: `1` for the node `chunk-1-host7` of host `host7`.
    String instance() {
        if (kind == Kind.META) {
            return name;
        }
        final String bare = name.startsWith("chunk-") ? name.substring("chunk-".length()) : name;
        return !host.isEmpty() && bare.endsWith("-" + host)
                ? bare.substring(0, bare.length() - host.length() - 1)
                : bare;
    }

    /// For people.
    String text() {
        return kind.text() + " " + name + (host.isEmpty() ? "" : " on " + host);
    }
}
