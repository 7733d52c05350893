/** All talk with the registry: a Consul, or the embedded registry that speaks Consul's API. */
@NullMarked
package io.hostmesh.registry;

import org.jspecify.annotations.NullMarked;
