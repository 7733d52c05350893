package io.hostmesh.pilot.catalog;

import io.hostmesh.model.ServiceName;
import java.time.Instant;
import java.util.Optional;

/**
 * A slot that is a service's own.
 *
 * @param idleSince since when the service has had no instance; its slot is its own until it has
 *     rested
 * @param modifyIndex of the key that says so
 */
public record Allotment(
    int slot, ServiceName service, Optional<Instant> idleSince, long modifyIndex) {}
