/** The roots that hold, told to all who follow. */
@NullMarked
package io.hostmesh.citadel.bundle;

import org.jspecify.annotations.NullMarked;
