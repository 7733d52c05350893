/** The certificate authority: its configuration, its parts put together, its two doors. */
@NullMarked
package io.hostmesh.citadel;

import org.jspecify.annotations.NullMarked;
