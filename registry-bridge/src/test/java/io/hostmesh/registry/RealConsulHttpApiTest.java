package io.hostmesh.registry;

import io.hostmesh.registry.testing.RealConsul;
import io.hostmesh.registry.testing.RegistryUnderTest;

final class RealConsulHttpApiTest extends HttpApiContract {
  @Override
  RegistryUnderTest startServer() {
    return RealConsul.start();
  }
}
