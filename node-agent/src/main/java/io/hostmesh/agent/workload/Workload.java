package io.hostmesh.agent.workload;

import io.hostmesh.model.ServiceName;

/**
 * A declared local service, as the kernel's word is compared with.
 *
 * @param instance the short id of this copy on this node
 */
public record Workload(ServiceName service, String instance, WorkloadSelector selector) {}
