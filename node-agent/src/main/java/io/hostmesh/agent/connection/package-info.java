/** What is known of a connection that was just accepted, and of all that are open. */
@NullMarked
package io.hostmesh.agent.connection;

import org.jspecify.annotations.NullMarked;
