package io.hostmesh.agent.outbound;

import io.hostmesh.model.SpiffeId;

/**
 * One captured connection of a local service.
 *
 * @param source who called, attested
 * @param destination whom it meant, by the address
 * @param peer the caller's address, without port
 */
record Outgoing(SpiffeId.Service source, SpiffeId.Service destination, String peer) {}
