package io.hostmesh.model.rules;

import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Somebody whose tokens about end users are taken (JSON Web Tokens, RFC 7519, signed by RFC 7515).
 *
 * @param name for messages
 * @param issuer what {@code iss} has to be
 * @param audiences one of which {@code aud} has to hold; empty for any
 * @param jwks where the issuer's keys come from
 * @param place where requests have the token
 * @param forward whether the application gets the token too
 * @param claimsToHeaders lower-case header names, and the claims that they tell the application
 * @param leeway how far the issuer's clock may be off
 */
public record JwtIssuer(
    String name,
    String issuer,
    Set<String> audiences,
    Jwks jwks,
    Place place,
    boolean forward,
    SortedMap<String, String> claimsToHeaders,
    Duration leeway) {
  public static final Duration LEEWAY = Duration.ofSeconds(60);

  public JwtIssuer {
    audiences = Set.copyOf(audiences);
    claimsToHeaders = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(claimsToHeaders));
  }

  /** A JWK Set (RFC 7517 section 5). */
  public sealed interface Jwks {
    /**
     * @param path on each host of the service; read again when it changes
     */
    record File(String path) implements Jwks {}

    /**
     * @param url https, or http where that was asked for
     * @param refresh how often it is read again
     * @param caFile who vouches for the server; empty for whom the system trusts
     */
    record Url(String url, Duration refresh, Optional<String> caFile) implements Jwks {
      public static final Duration REFRESH = Duration.ofMinutes(5);
    }
  }

  /**
   * @param cookie whether it is a cookie, otherwise a header
   * @param name lower-case for a header
   */
  public record Place(boolean cookie, String name) {
    public static final Place AUTHORIZATION = new Place(false, "authorization");
  }
}
