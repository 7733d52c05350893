/** Asking somebody else whether a request may pass: Envoy's external authorisation over gRPC. */
@NullMarked
package io.hostmesh.agent.external;

import org.jspecify.annotations.NullMarked;
