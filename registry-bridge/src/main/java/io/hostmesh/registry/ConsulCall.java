package io.hostmesh.registry;

import java.io.IOException;

/** One request to Consul, run on a thread that may block. */
@FunctionalInterface
interface ConsulCall<T> {
  T run() throws IOException;
}
