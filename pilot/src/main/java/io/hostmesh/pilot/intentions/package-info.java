/** Consul's intentions, read and translated into what agents judge by. Pure. */
@NullMarked
package io.hostmesh.pilot.intentions;

import org.jspecify.annotations.NullMarked;
