/** What the kernel is asked to redirect to the agent, and how that is undone. */
@NullMarked
package io.hostmesh.agent.redirect;

import org.jspecify.annotations.NullMarked;
