/** The agent's listening sockets: taken over from whoever holds them, or opened here. */
@NullMarked
package io.hostmesh.agent.listen;

import org.jspecify.annotations.NullMarked;
