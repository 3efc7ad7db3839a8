@NullMarked
package io.basalt.gate.balance;

import org.jspecify.annotations.NullMarked;
