package io.hostmesh.citadel.attest;

import com.google.protobuf.InvalidProtocolBufferException;
import io.hostmesh.api.v1.SignedStatement;
import io.hostmesh.api.v1.TokenKind;
import io.hostmesh.api.v1.TokenRecord;
import io.hostmesh.citadel.Refusal;
import io.hostmesh.citadel.authority.Authority;
import io.hostmesh.citadel.records.Waiting;
import io.hostmesh.registry.Entry;
import io.hostmesh.registry.KeyValue;
import io.hostmesh.runtime.identity.JoinToken;
import io.hostmesh.runtime.identity.SignedStatements;
import io.hostmesh.runtime.tls.KeyIds;
import io.hostmesh.runtime.tls.Pem;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Single-use join tokens. Their records stand in the registry's KV, signed, with the secret's hash
 * only; a token is marked as used by compare-and-set before anything is issued for it. Whoever can
 * write KV can therefore destroy a token, but neither make one nor use one twice here. Safe for any
 * thread; methods block.
 */
public final class Tokens {
  private static final String PREFIX = "hostmesh/tokens/";
  private static final int ID_BYTES = 6;
  private static final int SECRET_BYTES = 32;

  private final Authority authority;
  private final KeyValue keyValue;
  private final InstantSource clock;
  private final SecureRandom random;

  /** Token id to the key that used it, by this citadel's own ledger. */
  private final Map<String, String> used = new ConcurrentHashMap<>();

  /**
   * @param used what the ledger knows of used tokens: id to key
   */
  public Tokens(
      Authority authority,
      KeyValue keyValue,
      Map<String, String> used,
      InstantSource clock,
      SecureRandom random) {
    this.authority = authority;
    this.keyValue = keyValue;
    this.used.putAll(used);
    this.clock = clock;
    this.random = random;
  }

  /**
   * What an operator wants.
   *
   * @param node the only node that may use it; empty for any
   * @param replace whether it may give a name that is taken to another machine
   */
  public record Wish(
      TokenKind kind, Optional<String> node, boolean replace, Duration lifetime, String operator) {}

  /** A token that was made; the only time that its secret is seen. */
  public record Created(JoinToken token, Instant expires) {}

  public Created create(Wish wish) {
    Instant now = clock.instant();
    Instant expires = now.plus(wish.lifetime());
    JoinToken token = new JoinToken(hex(ID_BYTES), hex(SECRET_BYTES), rootFingerprint());
    TokenRecord record =
        TokenRecord.newBuilder()
            .setTrustDomain(authority.trustDomain())
            .setId(token.id())
            .setSecretSha256(token.secretHash())
            .setKind(wish.kind())
            .setNode(wish.node().orElse(""))
            .setReplace(wish.replace())
            .setExpiresAtEpochSecond(expires.getEpochSecond())
            .setSignedAtEpochSecond(now.getEpochSecond())
            .setOperator(wish.operator())
            .build();
    if (!Waiting.on(keyValue.putIf(key(token), signed(record), KeyValue.ABSENT))) {
      throw new Refusal(
          Refusal.Reason.UNAVAILABLE, "the token's id is taken in the registry; try again");
    }
    return new Created(token, expires);
  }

  /**
   * Judges a token without using it.
   *
   * @param bearer who wants to join: the one that used the token before may come again, since its
   *     answer may have been lost
   * @throws Refusal where it cannot be used
   */
  public Presented present(JoinToken token, Bearer bearer) {
    Optional<Entry> entry = Waiting.on(keyValue.get(key(token)));
    TokenRecord record =
        entry
            .flatMap(found -> believed(token, found))
            .filter(found -> sameSecret(found, token))
            .orElseThrow(
                () ->
                    new Refusal(
                        Refusal.Reason.TOKEN_WRONG,
                        "the join token "
                            + token.id()
                            + " is not one that this citadel knows; "
                            + AGAIN));
    String before = used.getOrDefault(token.id(), record.getUsedByKey());
    if (!before.isEmpty() && !before.equals(bearer.key())) {
      throw new Refusal(
          Refusal.Reason.TOKEN_USED,
          "the join token " + token.id() + " was used already, by another machine; " + AGAIN,
          firstUse(record));
    }
    Instant expires = Instant.ofEpochSecond(record.getExpiresAtEpochSecond());
    if (clock.instant().isAfter(expires)) {
      throw new Refusal(
          Refusal.Reason.TOKEN_EXPIRED,
          "the join token " + token.id() + " expired at " + expires + "; " + AGAIN);
    }
    return new Presented(
        token, record, bearer, entry.map(Entry::modifyIndex).orElse(KeyValue.ABSENT));
  }

  /**
   * The ids of those that may still be used and name a root: with it, they are worth nothing.
   *
   * @throws Refusal where the registry does not answer
   */
  public List<String> unused(X509Certificate root) {
    List<String> ids = new ArrayList<>();
    Waiting.on(keyValue.list(PREFIX))
        .forEach(
            (key, entry) -> {
              try {
                SignedStatement statement = SignedStatements.parse(entry.bytes());
                TokenRecord record = TokenRecord.parseFrom(statement.getPayload());
                if (record.getUsedByKey().isEmpty()
                    && !used.containsKey(record.getId())
                    && record.getExpiresAtEpochSecond() > clock.instant().getEpochSecond()
                    && isUnder(statement, root)) {
                  ids.add(record.getId());
                }
              } catch (CertificateException | InvalidProtocolBufferException e) {
                System.getLogger(Tokens.class.getName())
                    .log(System.Logger.Level.DEBUG, key + " is no token of ours", e);
              }
            });
    return ids;
  }

  private static boolean isUnder(SignedStatement statement, X509Certificate root)
      throws CertificateException {
    return statement.getChainCount() > 0
        && KeyIds.authority(
                Pem.certificate(statement.getChain(statement.getChainCount() - 1).toByteArray()))
            .equals(KeyIds.subject(root));
  }

  private static final String AGAIN = "make a new one with \"hostmesh token create\"";

  /**
   * Who shows a token.
   *
   * @param key the fingerprint of the key that wants to join
   * @param node the name that it wants; empty for a pilot
   * @param from the address that it asks from
   */
  public record Bearer(String key, String node, String from) {}

  /**
   * A token that may be used now.
   *
   * @param bearer who wants to use it
   * @param modifyIndex of its record in KV
   */
  public record Presented(JoinToken token, TokenRecord record, Bearer bearer, long modifyIndex) {}

  private static String firstUse(TokenRecord record) {
    return record.getUsedFrom().isEmpty()
        ? "and was used before; its record in the registry does not say by whom"
        : "and was used from "
            + record.getUsedFrom()
            + (record.getUsedByNode().isEmpty() ? "" : " by the node " + record.getUsedByNode())
            + " at "
            + Instant.ofEpochSecond(record.getUsedAtEpochSecond());
  }

  /**
   * Marks the token as used.
   *
   * @throws Refusal where someone else used it meanwhile
   */
  public void use(Presented presented) {
    Bearer bearer = presented.bearer();
    long now = clock.instant().getEpochSecond();
    TokenRecord record =
        presented.record().toBuilder()
            .setUsedByKey(bearer.key())
            .setUsedFrom(bearer.from())
            .setUsedByNode(bearer.node())
            .setUsedAtEpochSecond(now)
            .setSignedAtEpochSecond(now)
            .build();
    String id = presented.token().id();
    String first = used.putIfAbsent(id, bearer.key());
    if (first != null && !first.equals(bearer.key())) {
      throw raced(id);
    }
    boolean written = false;
    try {
      written =
          Waiting.on(
              keyValue.putIf(key(presented.token()), signed(record), presented.modifyIndex()));
    } finally {
      if (!written && first == null) {
        used.remove(id);
      }
    }
    if (!written) {
      throw raced(id);
    }
  }

  private static Refusal raced(String id) {
    return new Refusal(
        Refusal.Reason.TOKEN_USED,
        "the join token " + id + " is being used already; " + AGAIN,
        "while another machine used it");
  }

  private Optional<TokenRecord> believed(JoinToken token, Entry entry) {
    try {
      TokenRecord record =
          SignedStatements.verify(
              SignedStatements.parse(entry.bytes()),
              TokenRecord.getDefaultInstance(),
              TokenRecord.parser(),
              TokenRecord::getSignedAtEpochSecond,
              authority.roots(),
              clock.instant());
      return record.getId().equals(token.id())
              && record.getTrustDomain().equals(authority.trustDomain())
          ? Optional.of(record)
          : Optional.empty();
    } catch (CertificateException e) {
      System.getLogger(Tokens.class.getName())
          .log(
              System.Logger.Level.ERROR,
              "the record of " + token + " in the registry is not citadel's: " + e.getMessage());
      return Optional.empty();
    }
  }

  private static boolean sameSecret(TokenRecord record, JoinToken token) {
    return MessageDigest.isEqual(
        record.getSecretSha256().getBytes(StandardCharsets.US_ASCII),
        token.secretHash().getBytes(StandardCharsets.US_ASCII));
  }

  private byte[] signed(TokenRecord record) {
    SignedStatement statement = SignedStatements.sign(record, authority.own());
    return statement.toByteArray();
  }

  private String rootFingerprint() {
    try {
      return JoinToken.fingerprint(authority.root());
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("the root cannot be encoded", e);
    }
  }

  private static String key(JoinToken token) {
    return PREFIX + token.id();
  }

  private String hex(int bytes) {
    byte[] value = new byte[bytes];
    random.nextBytes(value);
    return HexFormat.of().formatHex(value);
  }
}
