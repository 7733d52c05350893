/** Names of the mesh answered, all others forwarded. */
@NullMarked
package io.hostmesh.agent.dns;

import org.jspecify.annotations.NullMarked;
