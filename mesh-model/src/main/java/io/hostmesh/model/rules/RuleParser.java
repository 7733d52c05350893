package io.hostmesh.model.rules;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.model.rules.RouteRule.Entry;
import io.hostmesh.model.rules.RouteRule.Match;
import io.hostmesh.model.rules.RouteRule.Subset;
import io.hostmesh.model.rules.RouteRule.Target;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Makes a rule of a document. What can be judged by the document alone is judged here; whether the
 * services it names exist is for those who know the catalog.
 */
public final class RuleParser {
  /** More than any real split needs, small enough that sums never overflow. */
  private static final int MAX_WEIGHT = 1_000_000;

  static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

  private RuleParser() {}

  /**
   * @param file the name for messages
   * @throws HoconException where the document is not one well-formed rule
   */
  public static Rule parse(String file, String text) {
    Section document = Section.parse(file, text);
    RuleKind kind = document.value("kind", RuleKind::parse);
    Scope scope = scope(document);
    Rule rule =
        switch (kind) {
          case ROUTE -> route(document, oneService(document, scope));
          case ACCESS -> AccessParser.access(document, scope);
          case MODE -> mode(document, scope);
          case AUTHENTICATION -> EndUserParser.authentication(document, scope);
          case EXTERNAL_AUTHORIZATION -> EndUserParser.external(document, scope);
          case UPSTREAM -> UpstreamParser.upstream(document, scope);
        };
    document.end();
    return rule;
  }

  /** {@code service = "*"} is every service of the namespace, which has to be named then. */
  private static Scope scope(Section document) {
    String namespace = document.string("namespace", "");
    Scope scope =
        document.value(
            "service",
            text -> {
              if (text.contains("/")) {
                return Scope.parse(text);
              }
              if (text.equals(Scope.ALL) && namespace.isEmpty()) {
                throw new IllegalArgumentException(
                    "\"*\" is every service of a namespace: say which with namespace = ..., or"
                        + " namespace = \"*\" for the whole mesh");
              }
              return Scope.of(
                  namespace.isEmpty() ? ServiceName.DEFAULT_NAMESPACE : namespace, text);
            });
    return scope;
  }

  private static ServiceName oneService(Section document, Scope scope) {
    return scope
        .service()
        .orElseThrow(() -> document.refuse("service", "a route is for one service, not for all"));
  }

  private static ModeRule mode(Section document, Scope scope) {
    Optional<MeshMode> mode =
        document.has("mode")
            ? Optional.of(document.choice("mode", MeshMode.class, MeshMode.STRICT))
            : Optional.empty();
    Map<Integer, MeshMode> ports = new TreeMap<>();
    Section byPort = document.section("ports");
    for (String port : byPort.keys()) {
      ports.put(port(byPort, port), byPort.choice(port, MeshMode.class, MeshMode.STRICT));
    }
    if (mode.isEmpty() && ports.isEmpty()) {
      throw document.refuse("mode", "is required: strict, permissive or disabled");
    }
    return new ModeRule(scope, mode, ports, document.origin());
  }

  private static int port(Section section, String key) {
    try {
      int port = Integer.parseInt(key);
      if (port >= 1 && port <= 65535) {
        return port;
      }
    } catch (NumberFormatException e) {
      throw new HoconException(section.origin(key), "\"" + key + "\" is not a port", e);
    }
    throw section.refuse(key, key + " is not within 1 to 65535");
  }

  private static RouteRule route(Section document, ServiceName service) {
    Map<String, Subset> subsets = subsets(document);
    List<Entry> entries = new ArrayList<>();
    for (Section entry : document.sections("rules")) {
      entries.add(entry(entry, subsets.keySet()));
    }
    if (entries.isEmpty()) {
      throw document.refuse("rules", "a route needs at least one entry in rules = [ ... ]");
    }
    return new RouteRule(service, subsets, entries, document.origin());
  }

  private static Map<String, Subset> subsets(Section document) {
    Map<String, Subset> subsets = new LinkedHashMap<>();
    Section all = document.section("subsets");
    for (String name : all.keys()) {
      Map<String, String> meta = all.stringMap(name);
      if (meta.isEmpty()) {
        throw all.refuse(name, "a subset needs at least one metadata key = value");
      }
      subsets.put(name, new Subset(name, meta, all.origin(name)));
    }
    return subsets;
  }

  private static Entry entry(Section entry, Set<String> subsets) {
    Optional<Match> match = entry.optionalSection("match").map(RuleParser::match);
    List<Target> targets = new ArrayList<>();
    List<Section> to = entry.sections("to");
    long sum = 0;
    for (Section target : to) {
      Optional<String> subset = target.optionalString("subset");
      if (subset.isPresent() && !subsets.contains(subset.get())) {
        throw target.refuse("subset", unknownSubset(subset.get(), subsets));
      }
      if (to.size() > 1 && !target.has("weight")) {
        throw target.refuse("weight", "is required where an entry has several targets");
      }
      int weight = target.integer("weight", 0, MAX_WEIGHT, 1);
      sum += weight;
      targets.add(new Target(subset, weight, target.origin("subset")));
      target.end();
    }
    if (targets.isEmpty()) {
      throw entry.refuse("to", "an entry needs at least one target in to = [ ... ]");
    }
    if (sum == 0) {
      throw entry.refuse("to", "the weights sum to 0, so no request could go anywhere");
    }
    entry.end();
    return new Entry(match, targets);
  }

  private static String unknownSubset(String name, Set<String> subsets) {
    return "unknown subset \""
        + name
        + "\"; "
        + (subsets.isEmpty()
            ? "declare it in subsets { ... }"
            : "declared: " + String.join(", ", subsets));
  }

  private static Match match(Section match) {
    Map<String, String> headers = new LinkedHashMap<>();
    Section header = match.section("header");
    for (String name : header.keys()) {
      if (!TOKEN.matcher(name).matches()) {
        throw header.refuse(name, "\"" + name + "\" is not a header name");
      }
      headers.put(name.toLowerCase(Locale.ROOT), header.string(name));
    }
    Optional<PathPattern> path = match.optionalValue("path", PathPattern::new);
    if (headers.isEmpty() && path.isEmpty()) {
      throw new HoconException(
          match.origin(), "an empty match; leave match out to match every request");
    }
    match.end();
    return new Match(headers, path);
  }
}
