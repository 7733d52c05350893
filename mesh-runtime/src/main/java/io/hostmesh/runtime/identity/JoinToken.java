package io.hostmesh.runtime.identity;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What lets one host or one pilot join, once: {@code <id>.<secret>.<root>}. The last part is the
 * SHA-256 of the root's certificate, so whoever holds the token knows whom to trust before anything
 * else is known.
 *
 * @param id names the token's record; not secret
 * @param secret 256 random bits, hexadecimal
 * @param root the root's SHA-256, hexadecimal
 */
public record JoinToken(String id, String secret, String root) {
  private static final Pattern FORM =
      Pattern.compile("(?<id>[a-z0-9]{8,32})\\.(?<secret>[0-9a-f]{64})\\.(?<root>[0-9a-f]{64})");

  /**
   * @throws IllegalArgumentException with a sentence, never with the secret, where the text is no
   *     token
   */
  public static JoinToken parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "not a join token: expected <id>.<secret>.<root>, as \"hostmesh token create\" prints it");
    }
    return new JoinToken(matcher.group("id"), matcher.group("secret"), matcher.group("root"));
  }

  /** The SHA-256 of a certificate's DER encoding, in the form that tokens carry. */
  public static String fingerprint(X509Certificate certificate)
      throws CertificateEncodingException {
    return sha256(certificate.getEncoded());
  }

  /** The form in which the secret is stored. */
  public String secretHash() {
    return sha256(HexFormat.of().parseHex(secret));
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** The token as it is handed over. */
  public String text() {
    return id + "." + secret + "." + root;
  }

  /** Never the secret. */
  @Override
  public String toString() {
    return "token " + id;
  }
}
