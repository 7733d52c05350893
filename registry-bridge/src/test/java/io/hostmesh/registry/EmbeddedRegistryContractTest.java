package io.hostmesh.registry;

import io.hostmesh.registry.testing.EmbeddedUnderTest;
import io.hostmesh.registry.testing.RegistryUnderTest;

final class EmbeddedRegistryContractTest extends RegistryContract {
  @Override
  RegistryUnderTest startServer() {
    return EmbeddedUnderTest.start();
  }
}
