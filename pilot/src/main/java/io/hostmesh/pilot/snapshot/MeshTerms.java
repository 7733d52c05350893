package io.hostmesh.pilot.snapshot;

/**
 * What holds for the whole mesh.
 *
 * @param defaultAllow whether a service without an access rule is open to every identity
 * @param strict whether callers outside the mesh are refused
 */
public record MeshTerms(
    String trustDomain, String datacenter, boolean defaultAllow, boolean strict) {}
