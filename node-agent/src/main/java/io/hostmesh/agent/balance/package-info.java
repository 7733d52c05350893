/** Which instance of a service gets a request. Pure: no Netty, no Vert.x, no clock. */
@NullMarked
package io.hostmesh.agent.balance;

import org.jspecify.annotations.NullMarked;
