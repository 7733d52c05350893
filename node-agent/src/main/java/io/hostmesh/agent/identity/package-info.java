/** Certificates in: who the services of this host are, and whom to trust. */
@NullMarked
package io.hostmesh.agent.identity;

import org.jspecify.annotations.NullMarked;
