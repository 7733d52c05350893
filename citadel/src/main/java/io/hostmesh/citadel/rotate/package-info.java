/** How the authorities of a running mesh are replaced, step by step, with nobody left behind. */
@NullMarked
package io.hostmesh.citadel.rotate;

import org.jspecify.annotations.NullMarked;
