package io.hostmesh.model.rules;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.model.rules.AccessRule.Grant;
import io.hostmesh.model.rules.RouteRule.Entry;
import io.hostmesh.model.rules.RouteRule.Match;
import io.hostmesh.model.rules.RouteRule.Subset;
import io.hostmesh.model.rules.RouteRule.Target;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Makes a rule of a document. What can be judged by the document alone is judged here; whether the
 * services it names exist is for those who know the catalog.
 */
public final class RuleParser {
  /** More than any real split needs, small enough that sums never overflow. */
  private static final int MAX_WEIGHT = 1_000_000;

  private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

  private RuleParser() {}

  /**
   * @param file the name for messages
   * @throws HoconException where the document is not one well-formed rule
   */
  public static Rule parse(String file, String text) {
    Section document = Section.parse(file, text);
    RuleKind kind = document.value("kind", RuleKind::parse);
    ServiceName service = service(document);
    Rule rule =
        switch (kind) {
          case ROUTE -> route(document, service);
          case ACCESS -> access(document, service);
        };
    document.end();
    return rule;
  }

  private static ServiceName service(Section document) {
    String namespace = document.string("namespace", ServiceName.DEFAULT_NAMESPACE);
    return document.value(
        "service",
        text -> text.contains("/") ? ServiceName.parse(text) : new ServiceName(namespace, text));
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

  private static AccessRule access(Section document, ServiceName service) {
    if (!document.has("allow")) {
      throw document.refuse("allow", "is required; allow = [] closes the service to everyone");
    }
    List<Grant> grants = new ArrayList<>();
    for (Section grant : document.sections("allow")) {
      grants.add(grant(grant));
    }
    return new AccessRule(service, grants, document.origin());
  }

  private static Grant grant(Section grant) {
    Set<ServiceName> from = new LinkedHashSet<>();
    if (!grant.has("from")) {
      throw grant.refuse("from", "is required: a service, a list of services, or \"*\" for all");
    }
    for (String caller : grant.strings("from")) {
      if (!caller.equals("*")) {
        from.add(parsed(grant, "from", caller));
      } else if (grant.strings("from").size() > 1) {
        throw grant.refuse("from", "\"*\" means every service and stands alone");
      }
    }
    if (grant.strings("from").isEmpty()) {
      throw grant.refuse("from", "an empty list allows nobody; remove the grant or name services");
    }
    Set<String> methods = new LinkedHashSet<>();
    for (String method : grant.strings("methods")) {
      if (!TOKEN.matcher(method).matches()) {
        throw grant.refuse("methods", "\"" + method + "\" is not an HTTP method");
      }
      methods.add(method.toUpperCase(Locale.ROOT));
    }
    List<PathPattern> paths = new ArrayList<>();
    for (String path : grant.strings("paths")) {
      try {
        paths.add(new PathPattern(path));
      } catch (IllegalArgumentException e) {
        throw new HoconException(grant.origin("paths"), String.valueOf(e.getMessage()), e);
      }
    }
    // "Allow none of the methods" must not read as "allow all": the empty set means all below.
    for (String list : List.of("methods", "paths")) {
      if (grant.has(list) && grant.strings(list).isEmpty()) {
        throw grant.refuse(list, "an empty list would allow nothing; leave it out to allow all");
      }
    }
    grant.end();
    return new Grant(from, methods, paths, grant.origin("from"));
  }

  private static ServiceName parsed(Section section, String key, String text) {
    try {
      return ServiceName.parse(text);
    } catch (IllegalArgumentException e) {
      throw new HoconException(section.origin(key), String.valueOf(e.getMessage()), e);
    }
  }
}
