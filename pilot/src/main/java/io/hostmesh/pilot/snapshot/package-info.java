/** Catalog and rules become one immutable, consistent snapshot of resources. */
@NullMarked
package io.hostmesh.pilot.snapshot;

import org.jspecify.annotations.NullMarked;
