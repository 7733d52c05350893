package io.hostmesh.runtime.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.testing.TestAuthority;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A path that was valid once is no free pass. */
class RememberedPathTest {
  private static final SpiffeId WEB = new SpiffeId.Service("test.local", "default", "dc1", "web");

  private final TestAuthority authority = new TestAuthority("test.local");
  private final List<X509Certificate> chain = authority.intermediate().issue(WEB).chain();
  private final Instant now = Instant.now();

  @Test
  void itHoldsAgainWhileItsCertificatesDo() throws Exception {
    assertThat(SvidVerifier.verify(chain, authority.roots(), now)).isEqualTo(WEB);
    assertThat(SvidVerifier.verify(chain, authority.roots(), now)).isEqualTo(WEB);
  }

  @Test
  void itEndsWithTheFirstOfItsCertificates() throws Exception {
    SvidVerifier.verify(chain, authority.roots(), now);

    refused(chain, authority.roots(), now.plus(Duration.ofHours(2)));
    refused(chain, authority.roots(), now.minus(Duration.ofHours(2)));
  }

  @Test
  void itEndsWithTheRoots() throws Exception {
    SvidVerifier.verify(chain, authority.roots(), now);

    refused(chain, new TestAuthority("test.local").roots(), now);
    refused(chain, new TrustRoots("other.local", authority.roots().roots(), 1), now);
  }

  @Test
  void anotherLeafUnderTheSameIntermediateIsJudgedByItself() throws Exception {
    SvidVerifier.verify(chain, authority.roots(), now);
    X509Certificate foreign = new TestAuthority("test.local").issue(WEB).chain().getFirst();

    refused(List.of(foreign, chain.get(1)), authority.roots(), now);
  }

  private static void refused(List<X509Certificate> shown, TrustRoots roots, Instant at) {
    assertThatThrownBy(() -> SvidVerifier.verify(shown, roots, at))
        .isInstanceOf(CertificateException.class);
  }
}
