/** The services of this host: how they are declared, checked and registered. */
@NullMarked
package io.hostmesh.agent.local;

import org.jspecify.annotations.NullMarked;
