/**
 * A registry in one process, for laptops and tests, that speaks the subset of Consul's HTTP API
 * that the mesh uses.
 */
@NullMarked
package io.hostmesh.registry.embedded;

import org.jspecify.annotations.NullMarked;
