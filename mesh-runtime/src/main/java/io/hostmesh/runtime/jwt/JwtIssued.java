package io.hostmesh.runtime.jwt;

import java.time.Instant;

/**
 * A JWT-SVID as citadel signed it.
 *
 * @param id whose it is, a SPIFFE ID
 * @param token JWS compact serialisation; a secret
 */
public record JwtIssued(String id, String token, Instant issued, Instant expires) {
  /** Never the token. */
  @Override
  public String toString() {
    return "a token of " + id + " until " + expires;
  }
}
