/** The {@code hostmesh} command. */
@NullMarked
package io.hostmesh.cli;

import org.jspecify.annotations.NullMarked;
