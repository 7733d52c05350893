/** How a host that nobody knows yet becomes a node. */
@NullMarked
package io.hostmesh.citadel.attest;

import org.jspecify.annotations.NullMarked;
