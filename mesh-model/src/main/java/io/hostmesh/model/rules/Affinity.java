package io.hostmesh.model.rules;

import java.time.Duration;
import java.util.Optional;

/**
 * That a caller stays with the instance that answered it first, which a cookie names that the mesh
 * sets.
 *
 * @param cookie its name
 * @param ttl how long a caller keeps it; empty for as long as its session lasts
 * @param path below which a caller sends it
 */
public record Affinity(String cookie, Optional<Duration> ttl, String path) {}
