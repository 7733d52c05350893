package io.hostmesh.agent.discovery;

import com.google.protobuf.Any;

/**
 * A resource in use.
 *
 * @param version pilot's
 * @param resource as it came, for the disk
 */
record Accepted(String version, Any resource, Content content) {}
