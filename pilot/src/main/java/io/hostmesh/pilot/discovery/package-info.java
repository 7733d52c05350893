/** Snapshots reach agents: the incremental xDS transport and what agents report back. */
@NullMarked
package io.hostmesh.pilot.discovery;

import org.jspecify.annotations.NullMarked;
