/** Whether a caller may do what it asks. Pure: no Netty, no Vert.x, no clock. */
@NullMarked
package io.hostmesh.agent.authz;

import org.jspecify.annotations.NullMarked;
