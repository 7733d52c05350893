/** Which workload a socket belongs to, as the kernel tells it. */
@NullMarked
package io.hostmesh.agent.workload;

import org.jspecify.annotations.NullMarked;
