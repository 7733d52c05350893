package io.hostmesh.model.rules;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.model.rules.RouteRule.Entry;
import io.hostmesh.model.rules.RouteRule.Subset;
import io.hostmesh.model.rules.RouteRule.Target;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads the documents of {@code kind = route}. */
final class RouteParser {
  /** More than any real split needs, small enough that sums never overflow. */
  private static final int MAX_WEIGHT = 1_000_000;

  private final ServiceName service;
  private final Map<String, Subset> subsets;

  private RouteParser(ServiceName service, Map<String, Subset> subsets) {
    this.service = service;
    this.subsets = subsets;
  }

  static RouteRule route(Section document, ServiceName service) {
    RouteParser parser = new RouteParser(service, subsets(document));
    List<Entry> entries = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Section section : document.sections("rules")) {
      Entry entry = parser.entry(section);
      entry
          .name()
          .filter(name -> !names.add(name))
          .ifPresent(
              name -> {
                throw section.refuse("name", "another entry of the route is named " + name);
              });
      entries.add(entry);
    }
    refuseLoops(document, entries);
    // Subsets alone are something to say: other services' routes name them.
    if (entries.isEmpty() && (document.has("rules") || parser.subsets.isEmpty())) {
      document.end(); // A misspelt key is the likelier mistake.
      throw document.refuse("rules", "a route needs at least one entry in rules = [ ... ]");
    }
    return new RouteRule(service, parser.subsets, entries, document.origin());
  }

  private static void refuseLoops(Section document, List<Entry> entries) {
    List<Section> sections = document.sections("rules");
    for (int i = 0; i < entries.size(); i++) {
      if (entries.get(i).action() instanceof Action.Redirect) {
        Section section = sections.get(i);
        RedirectLoops.from(entries, i)
            .ifPresent(
                path -> {
                  throw section.refuse(
                      "redirect",
                      "a caller of "
                          + path
                          + " would be sent from redirect to redirect and back for ever");
                });
      }
    }
  }

  private static Map<String, Subset> subsets(Section document) {
    Map<String, Subset> subsets = new LinkedHashMap<>();
    Section all = document.section("subsets");
    for (String name : all.keys()) {
      if (name.equals(Target.ALL)) {
        throw all.refuse(name, "stands for all instances, and is no name of a subset");
      }
      Map<String, String> meta = all.stringMap(name);
      if (meta.isEmpty()) {
        throw all.refuse(name, "a subset needs at least one metadata key = value");
      }
      subsets.put(name, new Subset(name, meta, all.origin(name)));
    }
    return subsets;
  }

  private Entry entry(Section section) {
    Optional<String> name = section.optionalValue("name", Values::name);
    Optional<RequestMatch> match = section.optionalSection("match").map(MatchParser::match);
    Action action = action(section, match.orElse(RequestMatch.ALL));
    Handling handling =
        HandlingParser.handling(
            section, match.orElse(RequestMatch.ALL), action, service, subsets.keySet());
    section.end();
    return new Entry(name, match, action, handling, section.origin());
  }

  private Action action(Section section, RequestMatch match) {
    long said = List.of("to", "redirect", "respond").stream().filter(section::has).count();
    if (said > 1) {
      throw section.refuse(
          section.has("redirect") ? "redirect" : "respond",
          "an entry has one of to, redirect and respond");
    }
    Optional<Section> redirect = section.optionalSection("redirect");
    if (redirect.isPresent()) {
      return HandlingParser.redirect(redirect.get(), match);
    }
    Optional<Section> respond = section.optionalSection("respond");
    if (respond.isPresent()) {
      return HandlingParser.respond(respond.get());
    }
    return new Action.Forward(targets(section));
  }

  private List<Target> targets(Section entry) {
    List<Target> targets = new ArrayList<>();
    List<Section> to = entry.sections("to");
    long sum = 0;
    for (Section section : to) {
      if (to.size() > 1 && !section.has("weight")) {
        throw section.refuse("weight", "is required where an entry has several targets");
      }
      Target target = target(section);
      sum += target.weight();
      targets.add(target);
      section.end();
    }
    if (targets.isEmpty()) {
      throw entry.refuse(
          "to",
          "an entry needs at least one target in to = [ ... ], or redirect { ... }, or respond {"
              + " ... }");
    }
    if (sum == 0) {
      throw entry.refuse("to", "the weights sum to 0, so no request could go anywhere");
    }
    return targets;
  }

  private Target target(Section section) {
    Optional<ServiceName> other =
        section
            .optionalValue("service", text -> Values.serviceNear(text, service))
            .filter(name -> !name.equals(service));
    Optional<String> subset = section.optionalString("subset");
    refuseAll(section, subset);
    if (subset.isPresent() && other.isEmpty() && !subsets.containsKey(subset.get())) {
      throw section.refuse("subset", unknownSubset(subset.get()));
    }
    return new Target(
        other,
        subset,
        fallback(section, subset, other.isEmpty()),
        section.integer("weight", 0, MAX_WEIGHT, 1),
        section.origin("subset"));
  }

  static void refuseAll(Section section, Optional<String> subset) {
    if (subset.equals(Optional.of(Target.ALL))) {
      throw section.refuse("subset", "\"*\" is no subset; for all instances, leave it out");
    }
  }

  private Optional<String> fallback(Section section, Optional<String> subset, boolean own) {
    Optional<String> fallback = section.optionalString("fallback");
    if (fallback.isEmpty()) {
      return fallback;
    }
    if (subset.isEmpty()) {
      throw section.refuse("fallback", "is for a subset; set subset, or leave it out");
    }
    if (fallback.equals(subset)) {
      throw section.refuse("fallback", "is the subset itself; name another one, or \"*\" for all");
    }
    String name = fallback.get();
    if (own && !name.equals(Target.ALL) && !subsets.containsKey(name)) {
      throw section.refuse("fallback", unknownSubset(name) + "; \"*\" stands for all instances");
    }
    return fallback;
  }

  private String unknownSubset(String name) {
    return "unknown subset \""
        + name
        + "\"; "
        + (subsets.isEmpty()
            ? "declare it in subsets { ... }"
            : "declared: " + String.join(", ", subsets.keySet()));
  }
}
