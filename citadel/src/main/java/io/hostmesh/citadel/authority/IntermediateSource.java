package io.hostmesh.citadel.authority;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** Who signs the intermediate. Safe for any thread; blocks. */
public interface IntermediateSource {

  /**
   * Why it cannot be asked now, with what an operator can do; empty where it can.
   *
   * @param root the root under which the intermediate is to stand
   */
  Optional<String> unavailable(X509Certificate root);

  /** Who signs without an operator's hands; empty where they are needed. */
  Optional<String> signer();

  /** Looks after what it needs, every second; may block for seconds, and fails never. */
  default void tend() {}

  /** What an operator should look at, beside what {@link #sign} says; empty where all is well. */
  default Optional<String> problem() {
    return Optional.empty();
  }

  /** Whether the roots are citadel's own, so that it can make others and sign for them. */
  boolean hasRoots();

  /**
   * Signs a request.
   *
   * @param csr PKCS #10, DER
   * @return the intermediate first, then what stands between it and the root; a root at the end is
   *     ignored. Nothing of it has been judged
   * @throws io.hostmesh.citadel.Refusal where it does not sign now
   */
  List<X509Certificate> sign(byte[] csr, X509Certificate root, Duration lifetime);
}
