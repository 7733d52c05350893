package io.hostmesh.registry;

import io.hostmesh.registry.testing.EmbeddedUnderTest;
import io.hostmesh.registry.testing.RegistryUnderTest;

final class EmbeddedHttpApiTest extends HttpApiContract {
  @Override
  RegistryUnderTest startServer() {
    return EmbeddedUnderTest.start();
  }
}
