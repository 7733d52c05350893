/** Configuration in: what pilot says about the mesh, as one immutable view. */
@NullMarked
package io.hostmesh.agent.discovery;

import org.jspecify.annotations.NullMarked;
