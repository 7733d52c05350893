/** What operators ask of pilot over its admin socket. */
@NullMarked
package io.hostmesh.pilot.admin;

import org.jspecify.annotations.NullMarked;
