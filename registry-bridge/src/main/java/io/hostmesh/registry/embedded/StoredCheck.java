package io.hostmesh.registry.embedded;

import java.time.Duration;
import java.util.Optional;

/**
 * A check of a node, or of one of its services.
 *
 * @param status {@code passing}, {@code warning} or {@code critical}
 * @param serviceId empty for a check of the node
 * @param ttl how long a report holds, for checks of the agent API
 * @param removeServiceAfter how long the service may be critical before it is removed
 */
record StoredCheck(
    String id,
    String name,
    String status,
    String notes,
    String output,
    String serviceId,
    String serviceName,
    Optional<Duration> ttl,
    Optional<Duration> removeServiceAfter,
    long createIndex,
    long modifyIndex) {
  static final String CRITICAL = "critical";

  StoredCheck at(long created, long modified) {
    return new StoredCheck(
        id,
        name,
        status,
        notes,
        output,
        serviceId,
        serviceName,
        ttl,
        removeServiceAfter,
        created,
        modified);
  }

  StoredCheck reported(String newStatus, String newOutput) {
    return new StoredCheck(
        id,
        name,
        newStatus,
        notes,
        newOutput,
        serviceId,
        serviceName,
        ttl,
        removeServiceAfter,
        createIndex,
        modifyIndex);
  }

  StoredCheck of(StoredService service) {
    return new StoredCheck(
        id,
        name,
        status,
        notes,
        output,
        service.id(),
        service.name(),
        ttl,
        removeServiceAfter,
        createIndex,
        modifyIndex);
  }

  boolean isCritical() {
    return status.equals(CRITICAL);
  }
}
