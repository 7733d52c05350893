package io.hostmesh.runtime.identity;

import com.google.protobuf.ByteString;
import io.hostmesh.api.v1.RuleSeal;
import io.hostmesh.api.v1.SignedStatement;
import io.hostmesh.model.OperatorRole;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.tls.TrustRoots;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.util.Base64;
import java.util.function.BiPredicate;

/**
 * Operators' signatures on rules. A seal is the last line of a rule's document, a comment, so that
 * text and signature are written in one step and neither is there without the other. It holds for
 * one place in the registry, one text and one version, which only grows: an old document cannot
 * come back. A deletion is a document of its own. Pure; safe for any thread.
 */
public final class RuleSeals {
  private static final String MARK = "# hostmesh-seal: ";

  private RuleSeals() {}

  /**
   * What a good seal says.
   *
   * @param deleted whether the rule is to be no more
   * @param version grows with every change of the rule
   */
  public record Verified(boolean deleted, long version, SpiffeId.Operator signer) {}

  /**
   * A text with the operator's seal.
   *
   * @param path the rule's place, {@code <kind>/<namespace>/<service>}
   * @param text an earlier seal at its end is left out
   */
  public static String seal(
      OperatorIdentity operator, String path, String text, long version, Instant now) {
    String own = text(text);
    String whole = own.endsWith("\n") ? own : own + "\n";
    return whole + line(operator, statement(operator, path, whole, version, now).build());
  }

  /** The document that says that a rule is no more. */
  public static String tombstone(
      OperatorIdentity operator, String path, long version, Instant now) {
    String text = "# Deleted by " + operator.id() + " at " + now + ".\n";
    return text
        + line(operator, statement(operator, path, text, version, now).setDeleted(true).build());
  }

  private static RuleSeal.Builder statement(
      OperatorIdentity operator, String path, String text, long version, Instant now) {
    return RuleSeal.newBuilder()
        .setTrustDomain(operator.id().trustDomain())
        .setPath(path)
        .setTextSha256(ByteString.copyFrom(sha256(text)))
        .setVersion(version)
        .setSignedAtEpochSecond(now.getEpochSecond());
  }

  private static String line(OperatorIdentity operator, RuleSeal seal) {
    return MARK
        + Base64.getEncoder()
            .encodeToString(SignedStatements.sign(seal, operator.svid()).toByteArray())
        + "\n";
  }

  /** Whether there is a seal, good or not. */
  public static boolean isSealed(String document) {
    return begin(document) >= 0;
  }

  /** The document without its seal. */
  public static String text(String document) {
    int begin = begin(document);
    return begin < 0 ? document : document.substring(0, begin);
  }

  /** Where the seal's line begins; negative where there is none. */
  private static int begin(String document) {
    int begin = document.lastIndexOf(MARK);
    return begin == 0 || (begin > 0 && document.charAt(begin - 1) == '\n') ? begin : -1;
  }

  /**
   * Reads what a seal claims, judging nothing.
   *
   * @throws CertificateException where there is no seal, or it cannot be read
   */
  public static RuleSeal claimed(String document) throws CertificateException {
    try {
      return RuleSeal.parseFrom(envelope(document).getPayload());
    } catch (com.google.protobuf.InvalidProtocolBufferException e) {
      throw new CertificateException("its signature cannot be read", e);
    }
  }

  /**
   * The version that a seal claims, judging nothing.
   *
   * @throws CertificateException where there is no seal, or it cannot be read
   */
  public static long version(String document) throws CertificateException {
    return claimed(document).getVersion();
  }

  private static SignedStatement envelope(String document) throws CertificateException {
    int begin = begin(document);
    if (begin < 0) {
      throw new CertificateException("it has no operator's signature; use hostmesh apply --sign");
    }
    try {
      return SignedStatements.parse(
          Base64.getDecoder().decode(document.substring(begin + MARK.length()).strip()));
    } catch (IllegalArgumentException e) {
      throw new CertificateException("its signature cannot be read", e);
    }
  }

  /**
   * Judges a document's seal, except for its version: whoever has seen a higher one refuses it. The
   * operator's certificate must have held when the rule was signed; it may have expired since.
   *
   * @param path where the document stands
   * @param revoked whether a certificate, by its id and serial number, counts no more
   * @throws CertificateException with the reason where it is not an editor's or admin's word
   */
  public static Verified verify(
      String path,
      String document,
      TrustRoots roots,
      BiPredicate<SpiffeId, BigInteger> revoked,
      Instant now)
      throws CertificateException {
    SignedStatements.Signed<RuleSeal> signed =
        SignedStatements.judge(
            envelope(document),
            RuleSeal.getDefaultInstance(),
            RuleSeal.parser(),
            RuleSeal::getSignedAtEpochSecond,
            roots,
            now);
    RuleSeal seal = signed.message();
    if (!(signed.signer() instanceof SpiffeId.Operator operator)
        || !operator.role().includes(OperatorRole.EDITOR)) {
      throw new CertificateException(
          "it is signed by " + signed.signer() + ", who is no editor or admin");
    }
    if (revoked.test(operator, signed.leaf().getSerialNumber())) {
      throw new CertificateException(
          "the certificate of " + operator + ", who signed, was revoked");
    }
    if (!seal.getTrustDomain().equals(roots.trustDomain()) || !seal.getPath().equals(path)) {
      throw new CertificateException(
          "its signature is for " + seal.getPath() + " in " + seal.getTrustDomain());
    }
    if (!MessageDigest.isEqual(seal.getTextSha256().toByteArray(), sha256(text(document)))) {
      throw new CertificateException("its signature is for another text: it was changed");
    }
    return new Verified(seal.getDeleted(), seal.getVersion(), operator);
  }

  private static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
