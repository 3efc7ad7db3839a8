/// Settings: what there is to set, and where each value came from. A file is overruled by the environment, and that
/// by the command line.
@NullMarked
package io.basalt.cli.config;

import org.jspecify.annotations.NullMarked;
