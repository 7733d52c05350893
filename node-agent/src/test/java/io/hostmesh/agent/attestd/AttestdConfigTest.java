package io.hostmesh.agent.attestd;

import io.hostmesh.runtime.testing.ReferenceConfig;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class AttestdConfigTest {
  @Test
  void theReferenceSaysWhatTheCodeReads() {
    ReferenceConfig.assertDescribes(Path.of("../config/attestd.conf"), new AttestdMain());
  }
}
