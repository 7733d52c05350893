package io.hostmesh.agent.outbound;

/**
 * One captured connection of a local service.
 *
 * @param pair who called, attested, and whom it meant, by the address
 * @param peer the caller's address, without port
 */
record Outgoing(ServicePair pair, String peer) {}
