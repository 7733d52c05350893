package io.hostmesh.cli;

import io.hostmesh.model.rules.RuleKey;
import io.hostmesh.model.rules.RuleParser;
import io.hostmesh.runtime.admin.AdminClient;
import io.hostmesh.runtime.identity.OperatorIdentity;
import io.hostmesh.runtime.identity.RuleSeals;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.time.Instant;
import java.time.InstantSource;

/**
 * Puts an operator's signature on rules. Their versions are times, so that a rule that was deleted
 * can come back without anyone remembering it; but always above the one that is there.
 */
record Signing(OperatorIdentity operator, AdminClient pilot, InstantSource clock) {
  /**
   * @param folder the operator's
   */
  static Signing of(Path folder, AdminClient pilot) {
    InstantSource clock = InstantSource.system();
    return new Signing(OperatorIdentity.read(folder, clock.instant()), pilot, clock);
  }

  /** The rules of a request with signatures. */
  JsonObject sign(JsonObject request) {
    JsonArray signed = new JsonArray();
    for (Object each : request.getJsonArray("files")) {
      JsonObject file = (JsonObject) each;
      String text = file.getString("text");
      RuleKey key = RuleParser.parse(file.getString("name"), text).key();
      Instant now = clock.instant();
      signed.add(
          file.copy()
              .put("text", RuleSeals.seal(operator, key.path(), text, version(key, now), now)));
    }
    return new JsonObject().put("files", signed);
  }

  /** The signed word that a rule is to be no more. */
  String tombstone(RuleKey key) {
    Instant now = clock.instant();
    return RuleSeals.tombstone(operator, key.path(), version(key, now), now);
  }

  private long version(RuleKey key, Instant now) {
    JsonArray rules =
        pilot
            .get(
                "/v1/rules?kind="
                    + GetCommand.encoded(key.kind().text())
                    + "&service="
                    + GetCommand.encoded(key.scope().path()),
                Limits.QUESTION)
            .getJsonArray("rules");
    long newest = 0;
    for (Object each : rules) {
      try {
        newest = Math.max(newest, RuleSeals.version(((JsonObject) each).getString("text")));
      } catch (CertificateException e) {
        // Not signed: any version is above it.
      }
    }
    return Math.max(now.toEpochMilli(), newest + 1);
  }
}
