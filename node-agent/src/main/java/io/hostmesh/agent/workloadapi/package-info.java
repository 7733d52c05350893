/** The SPIFFE Workload API: applications of this host fetch identities of their own. */
@NullMarked
package io.hostmesh.agent.workloadapi;

import org.jspecify.annotations.NullMarked;
