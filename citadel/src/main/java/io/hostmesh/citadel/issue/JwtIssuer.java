package io.hostmesh.citadel.issue;

import io.hostmesh.api.v1.IssuedJwt;
import io.hostmesh.citadel.Refusal;
import io.hostmesh.citadel.jwt.JwtKeys;
import io.hostmesh.citadel.ledger.Ledger;
import io.hostmesh.model.SpiffeId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/**
 * The last steps of every token: what it is for, the signature, a line of its own in the ledger,
 * and only then does it leave. Safe for any thread; blocks for the disk.
 */
public final class JwtIssuer {
  private static final int MOST_AUDIENCES = 16;
  private static final int MOST_CHARACTERS = 512;

  private final JwtKeys keys;
  private final Ledger ledger;

  public JwtIssuer(JwtKeys keys, Ledger ledger) {
    this.keys = keys;
    this.ledger = ledger;
  }

  /**
   * @param asker who asked, for the ledger
   * @throws Refusal where the audience cannot be used, or there is no key yet
   */
  IssuedJwt issue(String asker, SpiffeId id, List<String> audience) {
    if (audience.isEmpty()
        || audience.size() > MOST_AUDIENCES
        || audience.stream().anyMatch(name -> name.isBlank() || name.length() > MOST_CHARACTERS)) {
      throw new Refusal(
          Refusal.Reason.MALFORMED,
          "a token is for 1 to "
              + MOST_AUDIENCES
              + " audiences of 1 to "
              + MOST_CHARACTERS
              + " characters");
    }
    JwtKeys.Signed signed = keys.sign(id, audience);
    ledger.append(
        "jwt",
        new JsonObject()
            .put("id", id.uri())
            .put("audience", new JsonArray(audience))
            .put("notAfter", signed.expires().toString())
            .put("key", signed.keyId())
            .put("asker", asker));
    return IssuedJwt.newBuilder()
        .setToken(signed.token())
        .setIssuedAtEpochSecond(signed.expires().minus(JwtKeys.LIFE).getEpochSecond())
        .setExpiresAtEpochSecond(signed.expires().getEpochSecond())
        .setSpiffeId(id.uri())
        .build();
  }
}
