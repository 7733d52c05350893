/** The contracts between agents, pilot and citadel: type URLs and gRPC methods. */
@NullMarked
package io.hostmesh.api;

import org.jspecify.annotations.NullMarked;
