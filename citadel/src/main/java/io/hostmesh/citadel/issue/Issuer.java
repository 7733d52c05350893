package io.hostmesh.citadel.issue;

import io.hostmesh.citadel.authority.Authority;
import io.hostmesh.citadel.ledger.IssuedBook;
import io.hostmesh.citadel.ledger.Ledger;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.identity.KeyPairs;
import io.vertx.core.json.JsonObject;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;

/**
 * The last steps of every certificate: sign, judge the own output as its receivers will, write the
 * ledger, and only then let it leave. Safe for any thread; blocks for the disk.
 */
public final class Issuer {
  private final Signing signing;
  private final Authority authority;
  private final Ledger ledger;
  private final InstantSource clock;
  private final IssuedBook book;
  private final OutputCheck check = new OutputCheck();

  /** What signs; apart from {@link Authority}, so that a test can let it sign nonsense. */
  @FunctionalInterface
  interface Signing {
    List<X509Certificate> sign(SpiffeId id, PublicKey key, Duration lifetime);
  }

  public Issuer(Authority authority, Ledger ledger, IssuedBook book, InstantSource clock) {
    this(authority::sign, authority, ledger, book, clock);
  }

  Issuer(
      Signing signing, Authority authority, Ledger ledger, IssuedBook book, InstantSource clock) {
    this.signing = signing;
    this.authority = authority;
    this.ledger = ledger;
    this.clock = clock;
    this.book = book;
  }

  /**
   * @param event why, for the ledger: {@code join}, {@code renew} or {@code issue}
   * @param asker who asked, for the ledger
   * @return the leaf first, without the root
   * @throws IllegalStateException where citadel's own output breaks a rule; nothing left then
   */
  public List<X509Certificate> issue(
      String event, String asker, SpiffeId id, PublicKey key, Duration lifetime) {
    List<X509Certificate> chain = signing.sign(id, key, lifetime);
    judge(chain, id, key, lifetime);
    X509Certificate leaf = chain.getFirst();
    JsonObject facts =
        new JsonObject()
            .put("id", id.uri())
            .put("serial", leaf.getSerialNumber().toString(16))
            .put("notAfter", leaf.getNotAfter().toInstant().toString())
            .put("key", KeyPairs.fingerprint(key))
            .put("asker", asker)
            .put(IssuedBook.ROOT, authority.issuingRoot().substring(0, 16));
    ledger.append(event, facts);
    book.read(facts);
    return chain;
  }

  private void judge(List<X509Certificate> chain, SpiffeId id, PublicKey key, Duration lifetime) {
    try {
      SpiffeId proven = check.prove(chain, authority.roots(), clock.instant());
      if (!proven.equals(id) || !chain.getFirst().getPublicKey().equals(key)) {
        throw new CertificateException("it proves " + proven + " or another key");
      }
      List<String> problems = LeafLint.problems(chain.getFirst(), chain.get(1), lifetime);
      if (!problems.isEmpty()) {
        throw new CertificateException(String.join("; ", problems));
      }
    } catch (CertificateException e) {
      throw new IllegalStateException(
          "citadel made a certificate for " + id + " that it may not hand out: " + e.getMessage(),
          e);
    }
  }
}
