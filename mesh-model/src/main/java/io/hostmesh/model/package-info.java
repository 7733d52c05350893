/**
 * What a mesh is made of: names, instances, identities and virtual addresses. Immutable values, no
 * I/O, no clock.
 */
@NullMarked
package io.hostmesh.model;

import org.jspecify.annotations.NullMarked;
