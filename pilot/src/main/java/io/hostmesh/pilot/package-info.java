/** Pilot: rules and catalog become consistent snapshots, and snapshots reach agents. */
@NullMarked
package io.hostmesh.pilot;

import org.jspecify.annotations.NullMarked;
