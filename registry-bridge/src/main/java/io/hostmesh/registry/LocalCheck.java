package io.hostmesh.registry;

/**
 * A check of a service, which its host's agent runs and reports.
 *
 * @param id unique within the service
 * @param name for people, for instance {@code GET /healthz every 5s}
 */
public record LocalCheck(String id, String name) {}
