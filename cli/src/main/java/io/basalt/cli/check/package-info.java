/// `basalt check`: whether all copies of everything are the same.
@NullMarked
package io.basalt.cli.check;

import org.jspecify.annotations.NullMarked;
