/** Which subset of a service's instances a request goes to. Pure: no Netty, no Vert.x, no clock. */
@NullMarked
package io.hostmesh.agent.routing;

import org.jspecify.annotations.NullMarked;
