package io.hostmesh.runtime.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.testing.TestAuthority;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Each trust domain vouches for its own identities and for no others. */
class ForeignIdentityTest {
  private static final String OTHER = "other.example";
  private static final SpiffeId WEB = new SpiffeId.Service("test.local", "default", "dc1", "web");
  private static final SpiffeId AGENT =
      SpiffeId.Foreign.parse("spiffe://other.example/spire/agent/x509pop/0b.1");

  private final TestAuthority ours = new TestAuthority("test.local");
  private final TestAuthority theirs = new TestAuthority(OTHER);
  private final TrustedDomains domains = domains(ours, theirs);

  private static TrustedDomains domains(TestAuthority own, TestAuthority other) {
    return new TrustedDomains(own.roots(), Map.of(other.roots().trustDomain(), other.roots()));
  }

  private static SpiffeId verify(List<X509Certificate> chain, TrustedDomains by)
      throws CertificateException {
    return SvidVerifier.verify(chain, by, Instant.now());
  }

  private void refused(List<X509Certificate> chain, String why) {
    assertThatThrownBy(() -> verify(chain, domains))
        .isInstanceOf(CertificateException.class)
        .hasMessageContaining(why);
  }

  @Test
  void anIdOfAnyShapeIsProvenByItsOwnDomain() throws Exception {
    assertThat(verify(theirs.issue(AGENT).chain(), domains)).isEqualTo(AGENT);
    assertThat(verify(theirs.intermediate().issue(AGENT).chain(), domains)).isEqualTo(AGENT);
    assertThat(verify(ours.issue(WEB).chain(), domains)).isEqualTo(WEB);
  }

  @Test
  void whatLooksLikeAServiceOfOursIsForeignStill() throws Exception {
    SpiffeId lookalike = new SpiffeId.Service(OTHER, "default", "dc1", "web");
    List<X509Certificate> chain = theirs.issue(lookalike).chain();

    // The same chain and roots in the eyes of its own mesh, which are remembered.
    assertThat(SvidVerifier.verify(chain, theirs.roots(), Instant.now())).isEqualTo(lookalike);
    assertThat(verify(chain, domains)).isEqualTo(SpiffeId.Foreign.parse(lookalike.uri()));
    assertThat(SvidVerifier.verify(chain, theirs.roots(), Instant.now())).isEqualTo(lookalike);
  }

  @Test
  void noDomainSignsForAnother() {
    refused(theirs.issue(WEB).chain(), "not valid here");
    refused(ours.issue(AGENT).chain(), "not valid here");
    refused(theirs.intermediate().issue(WEB).chain(), "not valid here");
    refused(ours.intermediate().issue(AGENT).chain(), "not valid here");
    TestAuthority third = new TestAuthority("third.example");
    refused(third.issue(SpiffeId.Foreign.parse("spiffe://third.example/x")).chain(), "of another");
    refused(third.issue(AGENT).chain(), "not valid here");
  }

  /** Our root has signed their authority, say for another purpose, and it names their domain. */
  @Test
  void crossSigningMakesNoIdentitiesOfOurs() throws Exception {
    TestAuthority crossed = ours.crossSigning("spiffe://" + OTHER);

    refused(crossed.issue(WEB).chain(), "an authority of another trust domain, other.example");
    refused(crossed.issue(AGENT).chain(), "not valid here");
    assertThat(verify(ours.crossSigning("spiffe://test.local").issue(WEB).chain(), domains))
        .isEqualTo(WEB);
  }

  /** Their root has signed an authority that names ours. */
  @Test
  void crossSigningMakesNoIdentitiesOfTheirs() {
    TestAuthority crossed = theirs.crossSigning("spiffe://test.local");

    refused(crossed.issue(AGENT).chain(), "an authority of another trust domain, test.local");
    refused(crossed.issue(WEB).chain(), "not valid here");
  }

  @Test
  void aBundleInOurOwnNameIsNotLookedAt() {
    TestAuthority impostor = new TestAuthority("test.local");

    assertThatThrownBy(() -> verify(impostor.issue(WEB).chain(), domains(ours, impostor)))
        .isInstanceOf(CertificateException.class);
  }

  @Test
  void itEndsWithTheBundleAndAForeignCertificateCanBeDenied() throws Exception {
    List<X509Certificate> chain = theirs.issue(AGENT).chain();
    assertThat(verify(chain, domains)).isEqualTo(AGENT);

    assertThatThrownBy(() -> verify(chain, new TrustedDomains(ours.roots(), Map.of())))
        .hasMessageContaining("none that it federates with");
    assertThatThrownBy(() -> verify(chain, domains(ours, new TestAuthority(OTHER))))
        .hasMessageContaining("not valid here");
    DenyList.Entry entry =
        new DenyList.Entry(
            "r1",
            Optional.empty(),
            Optional.empty(),
            Set.of(chain.getFirst().getSerialNumber().toString(16)),
            "stolen",
            Instant.MAX);
    TrustRoots denying =
        new TrustRoots(
            "test.local", ours.roots().roots(), 1, new DenyList(1, List.of(entry)), Set.of());
    assertThatThrownBy(
            () -> verify(chain, new TrustedDomains(denying, Map.of(OTHER, theirs.roots()))))
        .hasMessageContaining("was revoked (r1: stolen)");
  }
}
