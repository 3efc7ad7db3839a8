/// `basalt why`: where the time of a volume's requests goes, in words.
@NullMarked
package io.basalt.cli.why;

import org.jspecify.annotations.NullMarked;
