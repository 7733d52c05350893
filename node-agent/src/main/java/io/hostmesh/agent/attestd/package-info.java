/** hostmesh-attestd: tells the agent, which has no such privilege, whose process holds a socket. */
@NullMarked
package io.hostmesh.agent.attestd;

import org.jspecify.annotations.NullMarked;
