/** Stories of packages on hosts that boot systemd. */
@NullMarked
package io.hostmesh.e2e.packages;

import org.jspecify.annotations.NullMarked;
