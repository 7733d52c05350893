package io.hostmesh.registry;

/**
 * The host on whose behalf services are registered.
 *
 * @param name its name in the mesh; where there is no local Consul agent, also in the catalog
 * @param address where other hosts reach it
 */
public record RegisteringNode(String name, String address) {}
