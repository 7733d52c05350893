/** How the agent begins, is asked, hands over and ends. */
@NullMarked
package io.hostmesh.agent.life;

import org.jspecify.annotations.NullMarked;
