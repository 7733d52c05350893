/** Whether, when and how often a request is tried again. Pure: no Netty, no Vert.x, no clock. */
@NullMarked
package io.hostmesh.agent.tries;

import org.jspecify.annotations.NullMarked;
