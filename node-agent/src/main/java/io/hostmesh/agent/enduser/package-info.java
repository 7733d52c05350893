/** On whose behalf requests are made: tokens, verified by the keys of whom rules trust. */
@NullMarked
package io.hostmesh.agent.enduser;

import org.jspecify.annotations.NullMarked;
