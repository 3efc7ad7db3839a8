/// `basalt serve`: the daemons, each in a process of its own, by one file of settings.
@NullMarked
package io.basalt.cli.serve;

import org.jspecify.annotations.NullMarked;
