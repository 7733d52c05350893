/** Connections that local services open: who calls, to which service, on which instance. */
@NullMarked
package io.hostmesh.agent.outbound;

import org.jspecify.annotations.NullMarked;
