package io.hostmesh.model.rules;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.model.rules.LimitRule.Limit;
import io.hostmesh.model.rules.LimitRule.Per;
import io.hostmesh.model.rules.LimitRule.Reach;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Reads rules on how many requests a service takes. */
final class LimitParser {
  private static final int MOST = 1_000_000_000;

  private LimitParser() {}

  static LimitRule limit(Section document, Scope scope) {
    List<Limit> limits = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Section section : document.sections("limits")) {
      Limit limit = limit(section);
      if (!names.add(limit.name())) {
        throw section.refuse(
            "name", "\"" + limit.name() + "\" is another limit's name; logs could not tell them");
      }
      limits.add(limit);
    }
    if (limits.isEmpty()) {
      throw document.refuse(
          "limits", "needs at least one limit: limits = [ { name = ..., rate = \"100/s\" } ]");
    }
    return new LimitRule(scope, limits, document.origin());
  }

  private static Limit limit(Section section) {
    String name = section.value("name", Values::name);
    Rate rate = section.value("rate", Rate::parse);
    int burst = section.integer("burst", 1, MOST, (int) Math.min(rate.count(), MOST));
    List<Per> per = keys(section);
    Optional<RequestMatch> match = section.optionalSection("match").map(LimitParser::match);
    Reach reach = section.choice("scope", Reach.class, Reach.INSTANCE);
    if (reach == Reach.MESH && !per.isEmpty()) {
      throw section.refuse(
          "per", "goes with scope = instance; the mesh counts all callers together");
    }
    boolean dryRun = section.bool("dry-run", false);
    section.end();
    try {
      return new Limit(name, match, rate, burst, per, reach, dryRun, section.origin());
    } catch (IllegalArgumentException e) {
      throw new HoconException(section.origin("burst"), String.valueOf(e.getMessage()), e);
    }
  }

  /** What only the caller's agent knows cannot be asked for where the service runs. */
  private static RequestMatch match(Section section) {
    RequestMatch match = MatchParser.match(section);
    if (!match.sourceMeta().isEmpty()) {
      throw section.refuse(
          "source-meta", "is known on the caller's host only; name callers with source");
    }
    return match;
  }

  private static List<Per> keys(Section section) {
    Set<Per> keys = new LinkedHashSet<>();
    for (String text : section.strings("per")) {
      try {
        if (!keys.add(key(text))) {
          throw new IllegalArgumentException("\"" + text + "\" stands there twice");
        }
      } catch (IllegalArgumentException e) {
        throw new HoconException(section.origin("per"), String.valueOf(e.getMessage()), e);
      }
    }
    return List.copyOf(keys);
  }

  private static Per key(String text) {
    return switch (text) {
      case "source" -> new Per.Source();
      case "source-address" -> new Per.SourceAddress();
      default -> {
        String header = text.startsWith("header ") ? text.substring(7).strip() : "";
        if (!Values.isHeaderName(header)) {
          throw new IllegalArgumentException(
              "\"" + text + "\" is not one of source, source-address, header NAME");
        }
        yield new Per.Header(header.toLowerCase(Locale.ROOT));
      }
    };
  }
}
