package io.hostmesh.runtime.identity;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import io.hostmesh.api.v1.Entitlement;
import io.hostmesh.api.v1.SignedStatement;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.Pem;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.SvidVerifier;
import io.hostmesh.runtime.tls.TrustRoots;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * Statements that citadel signs and that stand in the registry, where others can write: nothing in
 * them is believed before {@link #verify} has judged it. The signature is ECDSA P-256 with SHA-256
 * over the message's full protobuf name, a zero byte and the payload, so that a statement of one
 * kind can never be read as one of another. Pure; safe for any thread.
 */
public final class SignedStatements {
  private static final Duration CLOCK_SKEW = Duration.ofMinutes(5);

  private SignedStatements() {}

  /** Signs a message with citadel's own certificate, or an operator's. */
  public static SignedStatement sign(Message message, Svid citadel) {
    return sign(message, citadel.chain(), citadel.key());
  }

  /**
   * Signs a message.
   *
   * @param chain the signer's certificate first
   */
  public static SignedStatement sign(Message message, List<X509Certificate> chain, PrivateKey key) {
    try {
      Signature signature = Signature.getInstance(KeyPairs.signature(key));
      signature.initSign(key);
      byte[] payload = message.toByteArray();
      update(signature, message, payload);
      SignedStatement.Builder statement =
          SignedStatement.newBuilder()
              .setPayload(ByteString.copyFrom(payload))
              .setSignature(ByteString.copyFrom(signature.sign()));
      for (X509Certificate certificate : chain) {
        statement.addChain(ByteString.copyFrom(certificate.getEncoded()));
      }
      return statement.build();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("an own key does not sign", e);
    }
  }

  /**
   * Judges an entitlement, except for its version: whoever has seen a higher one refuses this.
   *
   * @throws CertificateException with the reason where it is not citadel's word in this trust
   *     domain
   */
  public static Entitlement verify(SignedStatement statement, TrustRoots roots, Instant now)
      throws CertificateException {
    Entitlement entitlement =
        verify(
            statement,
            Entitlement.getDefaultInstance(),
            Entitlement.parser(),
            Entitlement::getSignedAtEpochSecond,
            roots,
            now);
    if (!entitlement.getTrustDomain().equals(roots.trustDomain())) {
      throw new CertificateException(
          "the entitlement is for the trust domain \"" + entitlement.getTrustDomain() + "\"");
    }
    return entitlement;
  }

  /** {@link #verify(SignedStatement, TrustRoots, Instant)} for the bytes that stand in KV. */
  public static Entitlement verify(byte[] statement, TrustRoots roots, Instant now)
      throws CertificateException {
    return verify(parse(statement), roots, now);
  }

  /**
   * Judges a statement of any kind. The signer's certificate is judged at the time of the signing,
   * since it is short-lived and statements are not; the root must be one that holds now.
   *
   * @param signedAt where the message says when it was signed, in seconds since the epoch
   */
  public static <T extends Message> T verify(
      SignedStatement statement,
      T kind,
      Parser<T> parser,
      ToLongFunction<T> signedAt,
      TrustRoots roots,
      Instant now)
      throws CertificateException {
    Signed<T> signed = judge(statement, kind, parser, signedAt, roots, now);
    SpiffeId signer = signed.signer();
    if (!signer.equals(new SpiffeId.Control(roots.trustDomain(), SpiffeId.Control.Role.CITADEL))) {
      throw new CertificateException("the statement is signed by " + signer + ", not by citadel");
    }
    return signed.message();
  }

  /**
   * A statement whose signature is good.
   *
   * @param leaf the signer's certificate, which held when the statement was signed
   */
  public record Signed<T>(T message, SpiffeId signer, X509Certificate leaf) {}

  /** As {@code verify}, whoever of the mesh has signed: that is left to the caller to judge. */
  static <T extends Message> Signed<T> judge(
      SignedStatement statement,
      T kind,
      Parser<T> parser,
      ToLongFunction<T> signedAt,
      TrustRoots roots,
      Instant now)
      throws CertificateException {
    T message;
    List<X509Certificate> chain;
    try {
      message = parser.parseFrom(statement.getPayload());
      chain =
          Pem.certificates(statement.getChainList().stream().map(ByteString::toByteArray).toList());
    } catch (InvalidProtocolBufferException e) {
      throw new CertificateException("the statement's payload cannot be read", e);
    }
    Instant signing = Instant.ofEpochSecond(signedAt.applyAsLong(message));
    if (signing.isAfter(now.plus(CLOCK_SKEW))) {
      throw new CertificateException("the statement was signed in the future, at " + signing);
    }
    SpiffeId signer = SvidVerifier.verify(chain, roots, signing);
    checkSignature(statement, kind, chain.getFirst());
    return new Signed<>(message, signer, chain.getFirst());
  }

  /**
   * Judges the signature alone.
   *
   * @param kind any message of the payload's kind
   * @throws CertificateException where it is not the signer's
   */
  public static void checkSignature(SignedStatement statement, Message kind, X509Certificate signer)
      throws CertificateException {
    try {
      Signature signature = Signature.getInstance(KeyPairs.signature(signer.getPublicKey()));
      signature.initVerify(signer.getPublicKey());
      update(signature, kind, statement.getPayload().toByteArray());
      if (!signature.verify(statement.getSignature().toByteArray())) {
        throw new CertificateException("the statement's signature is wrong: it was changed");
      }
    } catch (CertificateException e) {
      throw e;
    } catch (GeneralSecurityException | IllegalArgumentException e) {
      throw new CertificateException("the statement's signature cannot be judged", e);
    }
  }

  private static void update(Signature signature, Message kind, byte[] payload)
      throws GeneralSecurityException {
    signature.update(kind.getDescriptorForType().getFullName().getBytes(StandardCharsets.US_ASCII));
    signature.update((byte) 0);
    signature.update(payload);
  }

  /**
   * Reads the envelope, judging nothing.
   *
   * @throws CertificateException where it is none
   */
  public static SignedStatement parse(byte[] bytes) throws CertificateException {
    try {
      return SignedStatement.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new CertificateException("not a signed statement", e);
    }
  }
}
