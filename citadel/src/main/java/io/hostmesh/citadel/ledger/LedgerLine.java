package io.hostmesh.citadel.ledger;

import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One line: an object whose last two keys are {@code prev}, the hash of the line before, and {@code
 * hash}, the SHA-256 of all that stands before {@code ,"hash"}. Immutable.
 *
 * @param entry the object
 * @param hash its own
 * @param text the line with its end
 */
record LedgerLine(JsonObject entry, String hash, String text) {
  private static final Pattern FORM =
      Pattern.compile("(?<body>\\{.*),\"hash\":\"(?<hash>[0-9a-f]{64})\"\\}");

  static LedgerLine of(JsonObject entry) {
    String object = entry.encode();
    String body = object.substring(0, object.length() - 1);
    String hash = sha256(body.getBytes(StandardCharsets.UTF_8));
    return new LedgerLine(entry, hash, body + ",\"hash\":\"" + hash + "\"}\n");
  }

  /** Reads a line without its end; empty where its bytes are not what was written. */
  static Optional<LedgerLine> parse(byte[] line) {
    // One char a byte, so that the hash is over exactly what lies on disk.
    Matcher matcher = FORM.matcher(new String(line, StandardCharsets.ISO_8859_1));
    if (!matcher.matches()) {
      return Optional.empty();
    }
    byte[] body = matcher.group("body").getBytes(StandardCharsets.ISO_8859_1);
    String hash = sha256(body);
    return hash.equals(matcher.group("hash"))
        ? Optional.of(
            new LedgerLine(
                new JsonObject(new String(body, StandardCharsets.UTF_8) + "}"),
                hash,
                new String(line, StandardCharsets.UTF_8) + "\n"))
        : Optional.empty();
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
