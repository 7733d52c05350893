/** Connections to the services of this host: proven, judged, then handed to the application. */
@NullMarked
package io.hostmesh.agent.inbound;

import org.jspecify.annotations.NullMarked;
