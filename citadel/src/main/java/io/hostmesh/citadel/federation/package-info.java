/** Other trust domains: their bundles in, ours out, as SPIFFE Federation has it. */
@NullMarked
package io.hostmesh.citadel.federation;

import org.jspecify.annotations.NullMarked;
