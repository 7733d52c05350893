/** The event loops that a daemon runs on. */
@NullMarked
package io.hostmesh.runtime.loops;

import org.jspecify.annotations.NullMarked;
