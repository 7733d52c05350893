package io.hostmesh.model.rules;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.model.rules.Balance.HashOn;
import io.hostmesh.model.rules.Balance.RingSize;
import io.hostmesh.model.rules.Balance.SlowStart;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Reads {@code balance { ... }}. */
final class BalanceParser {
  private static final Duration LONGEST_WINDOW = Duration.ofHours(1);

  private BalanceParser() {}

  static Balance balance(Section section) {
    Optional<BalancePolicy> policy =
        section.has("policy")
            ? Optional.of(
                section.choice("policy", BalancePolicy.class, BalancePolicy.LEAST_REQUEST))
            : Optional.empty();
    List<HashOn> hashOn = new ArrayList<>();
    section.sections("hash-on").forEach(part -> hashOn.add(hashOn(part)));
    boolean hashes = policy.filter(BalancePolicy::hashes).isPresent();
    if (hashes && hashOn.isEmpty()) {
      throw section.refuse(
          section.has("hash-on") ? "hash-on" : "policy",
          policy.get().text()
              + " needs a key: hash-on = [ { header = NAME } ], or cookie, query or"
              + " source-address = true");
    }
    if (!hashes && section.has("hash-on")) {
      throw section.refuse("hash-on", "is for policy = ring-hash or maglev only");
    }
    Balance balance =
        new Balance(
            policy,
            hashOn,
            ring(section, policy),
            section.optionalSection("slow-start").map(s -> slowStart(s, hashes)),
            section.optionalValue("panic-threshold", Share::parse));
    if (policy.isEmpty() && balance.slowStart().isEmpty() && balance.panicThreshold().isEmpty()) {
      section.end();
      throw section.refuse("policy", "the section says nothing; set policy");
    }
    return balance;
  }

  private static HashOn hashOn(Section part) {
    List<HashOn> all = new ArrayList<>();
    part.optionalString("header")
        .ifPresent(
            name ->
                all.add(named(part, "header", HashOn.Part.HEADER, name.toLowerCase(Locale.ROOT))));
    part.optionalString("cookie")
        .ifPresent(name -> all.add(named(part, "cookie", HashOn.Part.COOKIE, name)));
    part.optionalString("query")
        .ifPresent(
            name -> {
              if (name.isEmpty()) {
                throw part.refuse("query", "is empty; name the query parameter");
              }
              all.add(new HashOn(HashOn.Part.QUERY, name));
            });
    if (part.has("source-address")) {
      if (!part.bool("source-address", true)) {
        throw part.refuse("source-address", "false says nothing; leave the entry out");
      }
      all.add(new HashOn(HashOn.Part.SOURCE_ADDRESS, ""));
    }
    part.end();
    if (all.size() != 1) {
      throw new HoconException(
          part.origin(),
          "an entry is one of header = NAME, cookie = NAME, query = NAME, source-address = true");
    }
    return all.getFirst();
  }

  private static HashOn named(Section part, String key, HashOn.Part kind, String name) {
    if (!Values.isHeaderName(name)) {
      throw part.refuse(key, "\"" + name + "\" is not a " + key + "'s name");
    }
    return new HashOn(kind, name);
  }

  private static RingSize ring(Section section, Optional<BalancePolicy> policy) {
    if (!section.has("ring-size")) {
      return RingSize.DEFAULT;
    }
    if (!policy.equals(Optional.of(BalancePolicy.RING_HASH))) {
      throw section.refuse("ring-size", "is for policy = ring-hash only");
    }
    Section size = section.section("ring-size");
    int min = size.integer("min", 1, RingSize.MOST, RingSize.DEFAULT.min());
    return new RingSize(min, size.integer("max", min, RingSize.MOST, RingSize.DEFAULT.max()));
  }

  private static SlowStart slowStart(Section section, boolean hashes) {
    if (hashes) {
      throw new HoconException(
          section.origin(),
          "a hashing policy sends a key to one instance, new or not; slow-start is for the others");
    }
    Duration window =
        section
            .optionalDuration("window")
            .orElseThrow(() -> section.refuse("window", "is required, for instance 30s"));
    if (window.isZero() || window.compareTo(LONGEST_WINDOW) > 0) {
      throw section.refuse("window", "is not within 1ms to 1h");
    }
    double aggression = section.optionalValue("aggression", BalanceParser::aggression).orElse(1.0);
    Share from = section.optionalValue("from", Share::parse).orElse(Share.percent(10));
    section.end();
    return new SlowStart(window, aggression, from);
  }

  private static double aggression(String text) {
    try {
      double value = Double.parseDouble(text);
      if (value >= 0.1 && value <= 10) {
        return value;
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("\"" + text + "\" is not a number", e);
    }
    throw new IllegalArgumentException(text + " is not within 0.1 to 10");
  }
}
