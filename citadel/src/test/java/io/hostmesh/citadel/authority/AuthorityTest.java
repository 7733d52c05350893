package io.hostmesh.citadel.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.state.StateFiles;
import io.hostmesh.runtime.tls.Pem;
import io.hostmesh.runtime.tls.SvidVerifier;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuthorityTest {
  private static final String DOMAIN = "hostmesh.local";
  private static final SecureRandom RANDOM = new SecureRandom();

  @TempDir Path folder;
  private Path state;
  private Path phrase;
  private Instant now = Instant.now();
  private final InstantSource clock = () -> now;

  @BeforeEach
  void begin() {
    state = folder.resolve("state");
    phrase = folder.resolve("passphrase");
  }

  private Authority open(String domain) throws IOException {
    return Authority.open(domain, Lifetimes.DEFAULT, files(), clock, RANDOM);
  }

  private AuthorityFiles files() throws IOException {
    return new AuthorityFiles(new StateFiles(state), Passphrase.read(phrase, true, RANDOM), RANDOM);
  }

  private static List<X509Certificate> leaf(Authority authority, String domain) {
    SpiffeId id = SpiffeId.Service.of(domain, "dc1", ServiceName.of("web"));
    return authority.sign(id, KeyPairs.generate().getPublic(), Duration.ofHours(1));
  }

  @Test
  void theSameRootAfterARestartAndEveryFileForTheOwnerOnly() throws Exception {
    Authority first = open(DOMAIN);
    Authority second = open(DOMAIN);
    assertThat(second.root()).isEqualTo(first.root());
    assertThat(second.intermediate()).isEqualTo(first.intermediate());
    for (String name : List.of("root.crt", "root.key", "intermediate.pem")) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(state.resolve(name))))
          .isEqualTo("rw-------");
      assertThat(Files.readString(state.resolve(name))).doesNotContain("BEGIN PRIVATE");
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(phrase)))
        .isEqualTo("rw-------");
    assertThat(Files.readString(state.resolve("root.key"))).contains("ENCRYPTED PRIVATE KEY");
  }

  /** Its clock, or the signer's, is wrong: that must not end in a signature a second. */
  @Test
  void whatIsHalfOverWhenItIsMadeIsNotMadeAnewAtEveryLook() throws Exception {
    var _ = open(DOMAIN);
    AuthorityFiles files = files();
    Profiles profiles = new Profiles(DOMAIN, RANDOM);
    Instant behind = now;
    Authority authority =
        new Authority(
            DOMAIN,
            Lifetimes.DEFAULT,
            KeyPairs.Curve.P256,
            clock,
            files,
            profiles,
            new BuiltInSource(files, profiles, () -> behind),
            files.state(DOMAIN));
    authority.begin();
    now = now.plus(Lifetimes.DEFAULT.intermediate().multipliedBy(6).dividedBy(10));
    authority.renew();
    X509Certificate made = authority.intermediate();
    assertThat(authority.problem().orElse("")).contains("is the clock of this host");
    now = now.plusSeconds(19);
    authority.renew();
    assertThat(authority.intermediate()).isEqualTo(made);
    now = now.plusSeconds(1);
    authority.renew();
    assertThat(authority.intermediate()).isNotEqualTo(made);
  }

  @Test
  void aWrongPassphraseIsSaid() throws Exception {
    var _ = open(DOMAIN);
    Files.writeString(phrase, "another phrase\n");
    assertThatThrownBy(() -> open(DOMAIN))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("root.key")
        .hasMessageContaining("wrong passphrase")
        .hasMessageContaining("key.passphrase-file");
  }

  @Test
  void aPassphraseOpenToOthersIsRefused() throws Exception {
    Files.writeString(phrase, "a phrase of mine\n");
    Files.setPosixFilePermissions(phrase, PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(() -> open(DOMAIN))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("chmod 600");
  }

  @Test
  void aMissingPassphraseIsNotMadeWhereConfiguredSo() {
    assertThatThrownBy(() -> Passphrase.read(phrase, false, RANDOM))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("no such file");
  }

  @Test
  void anotherTrustDomainIsRefused() throws Exception {
    var _ = open(DOMAIN);
    assertThatThrownBy(() -> open("other.example"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("trust-domain = other.example");
  }

  @Test
  void theIntermediateIsRenewedWhileTheRootsKeyIsHere() throws Exception {
    Authority authority = open(DOMAIN);
    X509Certificate before = authority.intermediate();
    now = now.plus(Duration.ofDays(200));
    Path key = state.resolve("root.key");
    Path offline = Files.move(key, folder.resolve("offline.key"));
    authority.renew();
    assertThat(authority.intermediate()).isEqualTo(before);
    Files.move(offline, key);
    authority.renew();
    assertThat(authority.intermediate()).isNotEqualTo(before);
    assertThat(authority.own().notAfter()).isAfter(now);
    assertThat(SvidVerifier.verify(authority.own().chain(), authority.roots(), now))
        .isEqualTo(authority.own().id());
  }

  /** Whoever asks in the moment before {@code renew} has looked gets what holds as well. */
  @Test
  void afterALeapOfTheClockTheOwnCertificateHoldsAtOnce() throws Exception {
    Authority authority = open(DOMAIN);
    for (Duration leap : List.of(Duration.ofDays(40), Duration.ofDays(-40))) {
      now = now.plus(leap);
      assertThat(now).isBetween(authority.own().notBefore(), authority.own().notAfter());
      assertThat(SvidVerifier.verify(authority.own().chain(), authority.roots(), now))
          .isEqualTo(authority.own().id());
    }
  }

  /** It was made while the clock was wrong: nobody else believes what it signs. */
  @Test
  void anIntermediateOfTheFutureIsMadeAnew() throws Exception {
    Authority authority = open(DOMAIN);
    now = now.plus(Duration.ofDays(200));
    authority.renew();
    now = now.minus(Duration.ofDays(200));
    authority.renew();
    assertThat(authority.intermediate().getNotBefore().toInstant()).isBefore(now);
  }

  @Test
  void aLeafNeverOutlivesItsIssuer() throws Exception {
    Authority authority = open(DOMAIN);
    now = authority.intermediate().getNotAfter().toInstant().minusSeconds(60);
    assertThat(leaf(authority, DOMAIN).getFirst().getNotAfter())
        .isEqualTo(authority.intermediate().getNotAfter());
  }

  @Test
  void theIntermediateCannotSpeakForAnotherTrustDomain() throws Exception {
    Authority authority = open(DOMAIN);
    List<X509Certificate> foreign = leaf(authority, "other.example");
    assertThatThrownBy(
            () ->
                SvidVerifier.verify(
                    foreign,
                    new io.hostmesh.runtime.tls.TrustRoots(
                        "other.example", authority.roots().roots(), 1),
                    now))
        .hasMessageContaining("not valid here");
  }

  /** An outside judge of certificates and of the keys' encryption. */
  @Test
  void opensslAgrees() throws Exception {
    assumeTrue(isThere("openssl"), "openssl is not on PATH");
    Authority authority = open(DOMAIN);
    List<X509Certificate> chain = leaf(authority, DOMAIN);
    Path leaf = Files.writeString(folder.resolve("leaf.pem"), Pem.encode(chain.subList(0, 1)));
    Path issuer = Files.writeString(folder.resolve("ca.pem"), Pem.encode(chain.subList(1, 2)));
    assertThat(
            run(
                "openssl",
                "verify",
                "-x509_strict",
                "-purpose",
                "sslserver",
                "-CAfile",
                state.resolve("root.crt").toString(),
                "-untrusted",
                issuer.toString(),
                leaf.toString()))
        .contains("leaf.pem: OK");
    assertThat(run("openssl", "x509", "-noout", "-text", "-in", leaf.toString()))
        .contains("URI:spiffe://hostmesh.local/ns/default/dc/dc1/svc/web")
        .contains("Subject Alternative Name: critical");
    assertThat(
            run(
                "openssl",
                "pkey",
                "-noout",
                "-text_pub",
                "-passin",
                "file:" + phrase,
                "-in",
                state.resolve("root.key").toString()))
        .contains("P-256");
  }

  private static boolean isThere(String program) {
    return java.util.Arrays.stream(
            java.util.Optional.ofNullable(System.getenv("PATH")).orElse("").split(":", -1))
        .anyMatch(place -> Files.isExecutable(Path.of(place, program)));
  }

  private static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
    return output;
  }
}
