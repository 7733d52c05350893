/** Limits for the whole mesh: who may let how much through. */
@NullMarked
package io.hostmesh.pilot.quota;

import org.jspecify.annotations.NullMarked;
