package io.hostmesh.pilot.rules;

import io.hostmesh.model.rules.RuleKey;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/**
 * One accepted change of the mesh's rules: what an {@code apply}, a {@code delete} or a {@code
 * rollback} did. Immutable.
 *
 * @param number counts up from 1
 * @param operator who, as the audit log says it
 * @param action {@code apply}, {@code delete}, {@code rollback to 7}
 * @param steps what became of each rule that it touched
 */
public record Revision(
    long number, Instant time, String operator, String action, List<Step> steps) {
  public Revision {
    steps = List.copyOf(steps);
  }

  /**
   * A rule's document before and after.
   *
   * @param before empty where there was none
   * @param after empty where there is none any more
   */
  public record Step(RuleKey key, Optional<String> before, Optional<String> after) {
    /** {@code +} for a new rule, {@code -} for a deleted one, {@code ~} for another text. */
    public String sign() {
      return before.isEmpty() ? "+" : after.isEmpty() ? "-" : "~";
    }
  }

  /**
   * What is kept in the registry: JSON whose head can be read by eye, the documents compressed
   * (gzip, Base64).
   */
  String text() {
    JsonArray changes = new JsonArray();
    JsonArray texts = new JsonArray();
    for (Step step : steps) {
      changes.add(step.sign() + " " + step.key().path());
      texts.add(
          new JsonObject()
              .put("rule", step.key().path())
              .put("before", step.before().orElse(null))
              .put("after", step.after().orElse(null)));
    }
    return new JsonObject()
        .put("revision", number)
        .put("time", time.toString())
        .put("operator", operator)
        .put("action", action)
        .put("changes", changes)
        .put("documents", Base64.getEncoder().encodeToString(zip(texts.toBuffer().getBytes())))
        .encode();
  }

  /** Reads what {@link #text} wrote; empty for anything else. */
  static Optional<Revision> read(String text) {
    try {
      JsonObject json = new JsonObject(text);
      List<Step> steps = new ArrayList<>();
      byte[] documents = unzip(Base64.getDecoder().decode(json.getString("documents", "")));
      for (Object each : new JsonArray(io.vertx.core.buffer.Buffer.buffer(documents))) {
        JsonObject step = (JsonObject) each;
        RuleKey.parse(step.getString("rule", ""))
            .ifPresent(
                key ->
                    steps.add(
                        new Step(
                            key,
                            Optional.ofNullable(step.getString("before")),
                            Optional.ofNullable(step.getString("after")))));
      }
      return Optional.of(
          new Revision(
              json.getLong("revision"),
              Instant.parse(json.getString("time", "")),
              json.getString("operator", "?"),
              json.getString("action", "?"),
              steps));
    } catch (DecodeException
        | ClassCastException
        | IllegalArgumentException
        | NullPointerException
        | DateTimeException
        | UncheckedIOException e) {
      return Optional.empty(); // Somebody else's writing.
    }
  }

  private static byte[] zip(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static byte[] unzip(byte[] bytes) {
    try (GZIPInputStream gzip = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
      return gzip.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
