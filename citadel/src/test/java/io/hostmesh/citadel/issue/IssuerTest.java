package io.hostmesh.citadel.issue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.citadel.authority.Authority;
import io.hostmesh.citadel.authority.AuthorityFiles;
import io.hostmesh.citadel.authority.Lifetimes;
import io.hostmesh.citadel.authority.Passphrase;
import io.hostmesh.citadel.ledger.IssuedBook;
import io.hostmesh.citadel.ledger.Ledger;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.state.StateFiles;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Citadel judges its own output: what a broken signer makes never leaves. */
class IssuerTest {
  private static final SpiffeId ID = new SpiffeId.Node("hostmesh.local", "h1");
  private static final Duration HOUR = Duration.ofHours(1);

  @TempDir Path folder;
  private final PublicKey key = KeyPairs.generate().getPublic();
  private Authority authority;
  private Ledger ledger;

  @BeforeEach
  void begin() throws Exception {
    authority = open(folder.resolve("state"));
    ledger = Ledger.open(folder.resolve("ledger.jsonl"), Clock.systemUTC(), _ -> {});
  }

  @AfterEach
  void end() {
    ledger.close();
  }

  private Authority open(Path state) throws Exception {
    SecureRandom random = new SecureRandom();
    Passphrase passphrase = Passphrase.read(folder.resolve("phrase"), true, random);
    return Authority.open(
        "hostmesh.local",
        Lifetimes.DEFAULT,
        new AuthorityFiles(new StateFiles(state), passphrase, random),
        Clock.systemUTC(),
        random);
  }

  private void refuses(Issuer.Signing signing, String why) {
    Issuer issuer =
        new Issuer(
            signing, authority, ledger, new IssuedBook(Clock.systemUTC()), Clock.systemUTC());
    assertThatThrownBy(() -> issuer.issue("issue", "test", ID, key, HOUR))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("may not hand out")
        .hasMessageContaining(why);
    assertThat(ledger.chain().entries()).isZero();
  }

  @Test
  void aGoodLeafLeavesAndIsInTheLedger() {
    Issuer issuer =
        new Issuer(authority, ledger, new IssuedBook(Clock.systemUTC()), Clock.systemUTC());
    assertThat(issuer.issue("issue", "test", ID, key, HOUR)).hasSize(2);
    assertThat(ledger.last(1).getFirst().getString("id")).isEqualTo(ID.uri());
  }

  /** What stands above was judged with the first one; what is a leaf's own is judged each time. */
  @Test
  void theSecondOneIsJudgedToo() throws Exception {
    List<X509Certificate> good = authority.sign(ID, key, HOUR);
    Authority other = open(folder.resolve("other"));
    List<X509Certificate> forged =
        List.of(other.sign(ID, key, HOUR).getFirst(), authority.intermediate());
    Iterator<List<X509Certificate>> signed = List.of(good, forged).iterator();
    Issuer issuer =
        new Issuer(
            (_, _, _) -> signed.next(),
            authority,
            ledger,
            new IssuedBook(Clock.systemUTC()),
            Clock.systemUTC());
    assertThat(issuer.issue("issue", "test", ID, key, HOUR)).isEqualTo(good);
    assertThatThrownBy(() -> issuer.issue("issue", "test", ID, key, HOUR))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("its signature is not its issuer's");
    assertThat(ledger.chain().entries()).isEqualTo(1);
  }

  @Test
  void anotherIdIsRefused() {
    SpiffeId other = new SpiffeId.Node("hostmesh.local", "h2");
    refuses((_, asked, lifetime) -> authority.sign(other, asked, lifetime), "it proves " + other);
  }

  @Test
  void anotherKeyIsRefused() {
    PublicKey other = KeyPairs.generate().getPublic();
    refuses((id, _, lifetime) -> authority.sign(id, other, lifetime), "or another key");
  }

  @Test
  void anotherTrustDomainIsRefused() {
    SpiffeId other = new SpiffeId.Node("other.example", "h1");
    refuses((_, asked, lifetime) -> authority.sign(other, asked, lifetime), "trust domain");
  }

  @Test
  void aLongerLifeIsRefused() {
    refuses(
        (id, asked, _) -> authority.sign(id, asked, HOUR.multipliedBy(3)), "it holds for PT3H6M");
  }

  @Test
  void anAuthoritysCertificateIsRefused() {
    refuses(
        (_, _, _) -> java.util.List.of(authority.intermediate(), authority.intermediate()),
        "a CA certificate cannot be used as a leaf");
  }
}
