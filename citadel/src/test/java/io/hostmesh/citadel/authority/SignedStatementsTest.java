package io.hostmesh.citadel.authority;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.api.v1.Entitlement;
import io.hostmesh.api.v1.NodeRecord;
import io.hostmesh.api.v1.SignedStatement;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.identity.KeyPairs;
import io.hostmesh.runtime.identity.SignedStatements;
import io.hostmesh.runtime.state.StateFiles;
import io.hostmesh.runtime.tls.Svid;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SignedStatementsTest {
  @TempDir Path folder;
  private final Instant now = Instant.now();
  private Authority authority;

  @BeforeEach
  void begin() throws Exception {
    authority = authority("hostmesh.local", "one");
  }

  private Authority authority(String domain, String name) throws Exception {
    SecureRandom random = new SecureRandom();
    Passphrase passphrase = Passphrase.read(folder.resolve("phrase"), true, random);
    return Authority.open(
        domain,
        Lifetimes.DEFAULT,
        new AuthorityFiles(new StateFiles(folder.resolve(name)), passphrase, random),
        InstantSource.system(),
        random);
  }

  private Entitlement entitlement(Instant signedAt) {
    return Entitlement.newBuilder()
        .setTrustDomain("hostmesh.local")
        .setNode("h1")
        .addServices("default/web")
        .setVersion(1)
        .setSignedAtEpochSecond(signedAt.getEpochSecond())
        .build();
  }

  private void refuses(SignedStatement statement, String why) {
    assertThatThrownBy(() -> SignedStatements.verify(statement, authority.roots(), now))
        .isInstanceOf(CertificateException.class)
        .hasMessageContaining(why);
  }

  @Test
  void holdsLongAfterTheSignersCertificateHasEnded() throws Exception {
    SignedStatement statement = SignedStatements.sign(entitlement(now), authority.own());
    assertThat(
            SignedStatements.verify(
                statement.toByteArray(), authority.roots(), now.plus(Duration.ofDays(90))))
        .isEqualTo(entitlement(now));
  }

  @Test
  void anotherKindWithTheSameBytesIsNoEntitlement() {
    NodeRecord record = NodeRecord.newBuilder().setTrustDomain("hostmesh.local").build();
    refuses(
        SignedStatements.sign(record, authority.own()).toBuilder()
            .setPayload(entitlement(now).toByteString())
            .build(),
        "it was changed");
    NodeRecord sameBytes =
        NodeRecord.newBuilder()
            .setTrustDomain("hostmesh.local")
            .setNode("h1")
            .setKey("default/web")
            .setVersion(1)
            .setSignedAtEpochSecond(now.getEpochSecond())
            .build();
    assertThat(sameBytes.toByteString()).isEqualTo(entitlement(now).toByteString());
    refuses(SignedStatements.sign(sameBytes, authority.own()), "it was changed");
  }

  @Test
  void theFutureAndTheTimeBeforeTheSignerAreRefused() {
    refuses(
        SignedStatements.sign(entitlement(now.plus(Duration.ofHours(1))), authority.own()),
        "signed in the future");
    refuses(
        SignedStatements.sign(entitlement(now.minus(Duration.ofDays(2))), authority.own()),
        "not valid here");
  }

  @Test
  void nobodyElseSpeaksForCitadel() throws Exception {
    KeyPair pair = KeyPairs.generate();
    SpiffeId node = new SpiffeId.Node("hostmesh.local", "h1");
    Svid svid =
        new Svid(
            node, authority.sign(node, pair.getPublic(), Duration.ofHours(1)), pair.getPrivate());
    refuses(SignedStatements.sign(entitlement(now), svid), "not by citadel");

    Authority stranger = authority("hostmesh.local", "two");
    refuses(SignedStatements.sign(entitlement(now), stranger.own()), "not valid here");
  }
}
