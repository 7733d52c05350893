package io.hostmesh.agent.enduser;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jwt.JWTClaimsSet;
import io.hostmesh.agent.authz.EndUser;
import io.hostmesh.model.rules.JwtIssuer;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A token that was read, and is not believed yet. */
final class Token {
  /** The longest that is looked at, in characters. */
  static final int MAX_LENGTH = 16 * 1024;

  private static final int MAX_DEPTH = 8;

  private final JWSObject signed;
  private final Map<String, Object> payload;
  private final JWTClaimsSet claims;

  private Token(JWSObject signed, Map<String, Object> payload, JWTClaimsSet claims) {
    this.signed = signed;
    this.payload = payload;
    this.claims = claims;
  }

  /** A token that is refused; the message is the end of a sentence about it. */
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;

    Refused(String why) {
      super(why, null, false, false);
    }
  }

  /** Reads a token in compact form. */
  static Token read(String text) throws Refused {
    if (text.length() > MAX_LENGTH) {
      throw new Refused("is longer than " + MAX_LENGTH + " characters");
    }
    int parts = (int) text.chars().filter(c -> c == '.').count() + 1;
    if (parts == 5) {
      throw new Refused("is encrypted (JWE), and only signed ones are read");
    }
    JWSObject signed;
    try {
      signed = JWSObject.parse(text);
    } catch (ParseException | IllegalArgumentException e) {
      // Of none, and of a head that is no JSON.
      throw new Refused("is no signed JWT, or its algorithm is none");
    }
    JWSHeader header = signed.getHeader();
    if (!KeyRing.ALGORITHMS.contains(header.getAlgorithm())) {
      throw new Refused(
          "has the algorithm "
              + shown(header.getAlgorithm().getName())
              + ", and only RS, PS and ES are taken");
    }
    if (header.getCriticalParams() != null || !header.isBase64URLEncodePayload()) {
      throw new Refused("has critical extensions, and none is known here");
    }
    Map<String, Object> payload = signed.getPayload().toJSONObject();
    if (payload == null) {
      throw new Refused("has a payload that is no JSON object");
    }
    try {
      return new Token(signed, payload, JWTClaimsSet.parse(payload));
    } catch (ParseException e) {
      throw new Refused("has a registered claim of the wrong type");
    }
  }

  /** The issuer that it names; empty for none. */
  String issuer() {
    String issuer = claims.getIssuer();
    return issuer == null ? "" : issuer;
  }

  String keyId() {
    String id = signed.getHeader().getKeyID();
    return id == null ? "" : id;
  }

  /** Whether a ring has a key that it may be signed with. */
  boolean knownTo(KeyRing ring) {
    return !ring.matching(signed.getHeader()).isEmpty();
  }

  /** When it ends, leeway included. */
  Instant end(JwtIssuer by) {
    Date end = claims.getExpirationTime();
    return end == null ? Instant.MIN : end.toInstant().plus(by.leeway());
  }

  /**
   * Believes it or not.
   *
   * @throws Refused where it does not hold now, for us, by that issuer's keys
   */
  EndUser verify(JwtIssuer by, KeyRing ring, Instant now) throws Refused {
    if (!isSigned(ring.matching(signed.getHeader()))) {
      throw new Refused("has a signature that is not by a key of " + by.name());
    }
    Duration leeway = by.leeway();
    if (claims.getExpirationTime() == null) {
      throw new Refused("has no exp, and would hold for ever");
    }
    if (!now.isBefore(end(by))) {
      throw new Refused("expired at " + claims.getExpirationTime().toInstant());
    }
    for (Date begin : new @Nullable Date[] {claims.getNotBeforeTime(), claims.getIssueTime()}) {
      if (begin != null && begin.toInstant().isAfter(now.plus(leeway))) {
        throw new Refused("is not valid before " + begin.toInstant());
      }
    }
    if (!by.audiences().isEmpty()
        && claims.getAudience().stream().noneMatch(by.audiences()::contains)) {
      throw new Refused("is for another audience");
    }
    Map<String, List<String>> flat = new HashMap<>();
    payload.forEach((name, value) -> flatten(name, value, 0, flat));
    String subject = claims.getSubject();
    return new EndUser(
        by.issuer(), subject == null ? "" : subject, new HashSet<>(claims.getAudience()), flat);
  }

  private boolean isSigned(List<JWSVerifier> verifiers) {
    return verifiers.stream().anyMatch(this::isSigned);
  }

  private boolean isSigned(JWSVerifier verifier) {
    try {
      return verifier.verify(signed.getHeader(), signed.getSigningInput(), signed.getSignature());
    } catch (JOSEException | RuntimeException e) {
      return false; // A signature that is no signature at all.
    }
  }

  private static void flatten(
      String name, @Nullable Object value, int depth, Map<String, List<String>> flat) {
    switch (value) {
      case null -> {}
      case Map<?, ?> inner when depth < MAX_DEPTH ->
          inner.forEach((key, below) -> flatten(name + "." + key, below, depth + 1, flat));
      case List<?> all -> {
        List<String> values = new ArrayList<>();
        for (Object each : all) {
          if (each != null && !(each instanceof Map) && !(each instanceof List)) {
            values.add(each.toString());
          }
        }
        flat.merge(name, List.copyOf(values), Token::both);
      }
      case Map<?, ?> _ -> {}
      default -> flat.merge(name, List.of(value.toString()), Token::both);
    }
  }

  /** Of {@code {"a.b": …, "a": {"b": …}}}, which are one name here, neither is believed. */
  private static List<String> both(List<String> one, List<String> other) {
    return List.of();
  }

  /** What a stranger wrote, for messages: short and printable. */
  static String shown(String text) {
    String part = text.length() <= 80 ? text : text.substring(0, 80) + "...";
    return part.replaceAll("[^ !#-\\[\\]-~]", "?");
  }
}
