package io.hostmesh.citadel.authority;

import io.hostmesh.citadel.Refusal;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Someone elsewhere signs, and an operator carries requests and answers. */
final class CsrSource implements IntermediateSource {
  private static final String HOW =
      "citadel's intermediate is signed elsewhere (ca.source = csr): run \"hostmesh ca csr\", have the"
          + " request signed, and run \"hostmesh ca install\" with the answer";

  @Override
  public Optional<String> unavailable(X509Certificate root) {
    return Optional.of(HOW);
  }

  @Override
  public Optional<String> signer() {
    return Optional.empty();
  }

  @Override
  public boolean hasRoots() {
    return false;
  }

  @Override
  public List<X509Certificate> sign(byte[] csr, X509Certificate root, Duration lifetime) {
    throw new Refusal(Refusal.Reason.UNAVAILABLE, HOW);
  }
}
