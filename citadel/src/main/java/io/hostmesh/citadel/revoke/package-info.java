/** Who gets no certificates any more, and whose are denied until they have expired. */
@NullMarked
package io.hostmesh.citadel.revoke;

import org.jspecify.annotations.NullMarked;
