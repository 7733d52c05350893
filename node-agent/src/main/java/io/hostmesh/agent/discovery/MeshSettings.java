package io.hostmesh.agent.discovery;

/**
 * What holds for the whole mesh.
 *
 * @param defaultAllow whether a service without an access rule is open to every identity of the
 *     mesh
 * @param strict whether callers without an identity are refused
 */
public record MeshSettings(
    String trustDomain, String datacenter, boolean defaultAllow, boolean strict) {}
