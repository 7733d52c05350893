/** Citadel's own signed statements in a registry where others can write. */
@NullMarked
package io.hostmesh.citadel.records;

import org.jspecify.annotations.NullMarked;
