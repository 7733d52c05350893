package io.hostmesh.registry;

import java.io.IOException;

/**
 * One request to Consul, run on a thread that may block. The HTTP library lets an interrupt through
 * without declaring it.
 */
@FunctionalInterface
interface ConsulCall<T> {
  T run() throws IOException, InterruptedException;
}
