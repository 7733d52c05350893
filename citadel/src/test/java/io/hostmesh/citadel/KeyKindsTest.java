package io.hostmesh.citadel;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.ServiceName;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.identity.NodeIdentity;
import io.hostmesh.runtime.identity.ServiceIdentities;
import io.hostmesh.runtime.tls.Svid;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.Signature;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Services' certificates for keys of each kind, by a real citadel. */
class KeyKindsTest {
  private static final ServiceName WEB = ServiceName.of("web");

  @TempDir Path folder;
  private Mesh mesh;
  private NodeIdentity node;

  @BeforeEach
  void join() throws Exception {
    mesh = new Mesh(folder);
    node = mesh.node("h1", mesh.nodeToken());
    node.ready().timeout(20, TimeUnit.SECONDS).await();
    mesh.allow("h1", "web");
  }

  @AfterEach
  void close() {
    mesh.close();
  }

  private Svid svid(KeyPairs.Kind kind) {
    try (ServiceIdentities services =
        new ServiceIdentities(mesh.host, node, folder.resolve("services"), kind, () -> true)) {
      services.services(Set.of(WEB));
      Mesh.await("web has a certificate", () -> services.svid(WEB).isPresent());
      return services.svid(WEB).orElseThrow();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aServiceHasAKeyOfTheKindThatItsHostWants(KeyPairs.Kind kind) throws Exception {
    Svid web = svid(kind);
    assertThat(KeyPairs.Kind.of(web.leaf().getPublicKey())).isEqualTo(Optional.of(kind));
    byte[] text = "it is the pair".getBytes(StandardCharsets.UTF_8);
    Signature signature = Signature.getInstance(KeyPairs.signature(web.key()));
    signature.initSign(web.key());
    signature.update(text);
    byte[] signed = signature.sign();
    signature.initVerify(web.leaf());
    signature.update(text);
    assertThat(signature.verify(signed)).isTrue();
    assertThat(svid(kind).leaf()).as("it is kept").isEqualTo(web.leaf());
  }

  @Test
  void aCertificateOfAnotherKindThanIsWantedByNowIsReplaced() {
    Svid before = svid(KeyPairs.Kind.P256);
    Svid after = svid(KeyPairs.Kind.ED25519);
    assertThat(after.leaf()).isNotEqualTo(before.leaf());
    assertThat(KeyPairs.Kind.of(after.key())).contains(KeyPairs.Kind.ED25519);
  }
}
