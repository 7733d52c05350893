/** The data plane on each host. */
@NullMarked
package io.hostmesh.agent;

import org.jspecify.annotations.NullMarked;
