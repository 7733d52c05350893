/**
 * What the registry says that is there: instances, entitlements, virtual addresses; judged, not yet
 * compiled.
 */
@NullMarked
package io.hostmesh.pilot.catalog;

import org.jspecify.annotations.NullMarked;
