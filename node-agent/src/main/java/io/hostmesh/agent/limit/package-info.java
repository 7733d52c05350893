/** How many requests this host's services take: decided here, carried out by the inbound stage. */
@NullMarked
package io.hostmesh.agent.limit;

import org.jspecify.annotations.NullMarked;
