package io.hostmesh.registry;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Comparator;
import java.util.List;
import java.util.stream.StreamSupport;

/**
 * Consul's intentions as they are stored: config entries of kind {@code service-intentions}, each
 * with all that may call one service, or any ({@code *}).
 *
 * @param entries in the order of their names
 * @param filtered whether there may be more, which the registry's token may not read
 */
public record Intentions(List<Stored> entries, boolean filtered) {
  public static final Intentions NONE = new Intentions(List.of(), false);

  /**
   * A config entry.
   *
   * @param name the service's, as Consul calls it
   * @param json all of it, in Consul's words
   */
  public record Stored(String name, String json, long modifyIndex) {}

  public Intentions {
    entries = List.copyOf(entries);
  }

  static Intentions read(RawConsul.Listed listed) {
    return new Intentions(
        StreamSupport.stream(listed.list().spliterator(), false)
            .map(Intentions::stored)
            .sorted(Comparator.comparing(Stored::name))
            .toList(),
        listed.filtered());
  }

  private static Stored stored(JsonNode entry) {
    return new Stored(
        entry.path("Name").asText(), entry.toString(), entry.path("ModifyIndex").asLong());
  }
}
