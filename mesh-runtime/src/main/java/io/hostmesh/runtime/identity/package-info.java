/** How a part of the mesh gets certificates from citadel, keeps them and renews them. */
@NullMarked
package io.hostmesh.runtime.identity;

import org.jspecify.annotations.NullMarked;
