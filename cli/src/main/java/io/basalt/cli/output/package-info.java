/// How answers look: tables for people, JSON and YAML for programs, names for scripts.
@NullMarked
package io.basalt.cli.output;

import org.jspecify.annotations.NullMarked;
