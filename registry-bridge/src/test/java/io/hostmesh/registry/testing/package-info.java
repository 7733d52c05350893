/** A real Consul and an embedded registry for tests, of this module and of those above it. */
@NullMarked
package io.hostmesh.registry.testing;

import org.jspecify.annotations.NullMarked;
