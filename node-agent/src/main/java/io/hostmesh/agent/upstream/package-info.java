/** Connections to where requests go: mTLS to other agents, plain to applications. */
@NullMarked
package io.hostmesh.agent.upstream;

import org.jspecify.annotations.NullMarked;
