package io.basalt.meta.state;

import io.basalt.wire.meta.Limits;
import io.basalt.wire.meta.MetaCode;

/// What names and classes may look like.
final class Names {
    private static final String HINT =
            "use 1 to " + Limits.NAME_LENGTH_MAX + " letters, digits, '.', '_', '-', beginning with a letter or digit";

    private Names() {}

    /// @throws Refusal if it is not a name
    static void require(String field, String name) {
        boolean valid = !name.isEmpty() && name.length() <= Limits.NAME_LENGTH_MAX && alphanumeric(name.charAt(0));
        for (int at = 1; valid && at < name.length(); at++) {
            final char c = name.charAt(at);
            valid = alphanumeric(c) || c == '.' || c == '_' || c == '-';
        }
        if (!valid) {
            throw new Refusal(MetaCode.BAD_REQUEST, field, "'" + name + "' is not a valid name", HINT);
        }
    }

    private static boolean alphanumeric(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }
}
