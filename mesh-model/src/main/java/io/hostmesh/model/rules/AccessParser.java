package io.hostmesh.model.rules;

import io.hostmesh.model.AddressRange;
import io.hostmesh.model.hocon.Section;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Reads the documents of {@code kind = access}. */
final class AccessParser {
  /** What a grant's list makes of it. */
  private enum Effect {
    ALLOW,
    DENY,
    AUDIT;

    String key() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private AccessParser() {}

  static AccessRule access(Section document, Scope scope) {
    boolean allows = document.has(Effect.ALLOW.key());
    Optional<Boolean> otherwise =
        document.optionalValue(
            "default",
            text ->
                switch (text) {
                  case "allow" -> true;
                  case "deny" -> false;
                  default ->
                      throw new IllegalArgumentException(
                          "\"" + text + "\" is not one of allow, deny");
                });
    if (!allows
        && otherwise.isEmpty()
        && !document.has(Effect.DENY.key())
        && !document.has(Effect.AUDIT.key())) {
      throw document.refuse(
          Effect.ALLOW.key(),
          "is required, or deny, audit or default; allow = [] closes "
              + (scope instanceof Scope.Service ? "the service" : scope)
              + " to everyone");
    }
    boolean dryRun = document.bool("dry-run", false);
    List<Grant> allowed = grants(document, Effect.ALLOW);
    List<Grant> denied = grants(document, Effect.DENY);
    List<Grant> audited = grants(document, Effect.AUDIT);
    return new AccessRule(
        scope,
        allows ? Optional.of(allowed) : Optional.empty(),
        denied,
        audited,
        otherwise,
        dryRun,
        document.origin());
  }

  private static List<Grant> grants(Section document, Effect effect) {
    List<Grant> grants = new ArrayList<>();
    Set<String> names = new LinkedHashSet<>();
    for (Section section : document.sections(effect.key())) {
      Grant grant = grant(section, effect);
      grant
          .name()
          .filter(name -> !names.add(name))
          .ifPresent(
              name -> {
                throw section.refuse("name", "another grant of the list is named " + name);
              });
      grants.add(grant);
    }
    return grants;
  }

  private static Grant grant(Section section, Effect effect) {
    Optional<String> name = section.optionalValue("name", Values::name);
    boolean dryRun = section.bool("dry-run", false);
    if (dryRun && effect != Effect.DENY) {
      throw section.refuse(
          "dry-run",
          "a single grant can be tried where it denies; to try who would still be allowed, set"
              + " dry-run = true for the whole rule");
    }
    Grant.Callers callers = callers(section, effect);
    Grant grant =
        new Grant(
            name,
            dryRun,
            callers,
            requests(section),
            users(section),
            section.has("from") ? section.origin("from") : section.origin());
    section.end();
    if (effect == Effect.DENY
        && grant.callers().equals(Grant.Callers.ALL)
        && !grant.needsRequests()
        && !section.has("from")) {
      throw section.refuse(
          "from", "a grant without any condition denies everything; write from = \"*\" to mean it");
    }
    return grant;
  }

  private static Grant.Callers callers(Section section, Effect effect) {
    if (effect == Effect.ALLOW && !section.has("from") && !section.has("source-networks")) {
      throw section.refuse("from", "is required: a service, a list of services, or \"*\" for all");
    }
    List<CallerPattern> from = patterns(section, "from");
    if (section.has("from") && from.isEmpty()) {
      throw section.refuse(
          "from", "an empty list allows nobody; remove the grant or name services");
    }
    if (from.contains(CallerPattern.ANY_OF_MESH) && from.size() > 1) {
      throw section.refuse("from", "\"*\" means every service and stands alone");
    }
    if (effect != Effect.ALLOW && from.contains(CallerPattern.ANY_OF_MESH)) {
      from = List.of(); // Whoever has no identity, or a foreign one, must not slip past.
    }
    List<CallerPattern> notFrom = patterns(section, "not-from");
    if (notFrom.contains(CallerPattern.ANY_OF_MESH) && notFrom.size() > 1) {
      throw section.refuse("not-from", "\"*\" means every service and stands alone");
    }
    Set<Integer> ports = new LinkedHashSet<>(Values.of(section, "ports", AccessParser::port));
    return new Grant.Callers(
        from, notFrom, Values.of(section, "source-networks", AddressRange::parse), ports);
  }

  private static List<CallerPattern> patterns(Section section, String key) {
    List<CallerPattern> patterns = new ArrayList<>();
    for (String text : section.strings(key)) {
      patterns.add(Values.parsed(section, key, text, CallerPattern::parse));
    }
    return patterns;
  }

  private static int port(String text) {
    try {
      int port = Integer.parseInt(text);
      if (port >= 1 && port <= 65535) {
        return port;
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("\"" + text + "\" is not a port", e);
    }
    throw new IllegalArgumentException(text + " is not within 1 to 65535");
  }

  private static Grant.Requests requests(Section section) {
    List<PathPattern> paths = new ArrayList<>(Values.of(section, "paths", PathPattern::new));
    List<PathPattern> calls = Values.of(section, "grpc", Values::grpc);
    if (!paths.isEmpty() && !calls.isEmpty()) {
      throw section.refuse(
          "grpc", "stands in place of paths: a call's path is /package.Service/Method");
    }
    paths.addAll(calls);
    return new Grant.Requests(
        new LinkedHashSet<>(Values.of(section, "methods", Values::method)),
        paths,
        Values.of(section, "not-paths", PathPattern::new),
        Values.of(section, "hosts", HostPattern::new),
        headers(section));
  }

  private static Map<String, List<ValuePattern>> headers(Section section) {
    Map<String, List<ValuePattern>> headers = new LinkedHashMap<>();
    byName(section, "headers")
        .forEach(
            (name, values) -> {
              if (!Values.isHeaderName(name)) {
                throw section.refuse("headers", "\"" + name + "\" is not a header name");
              }
              headers.put(name.toLowerCase(Locale.ROOT), values);
            });
    return headers;
  }

  private static Grant.Users users(Section section) {
    return new Grant.Users(
        new LinkedHashSet<>(Values.of(section, "issuers", Function.identity())),
        new LinkedHashSet<>(Values.of(section, "audiences", Function.identity())),
        byName(section, "claims"));
  }

  /** An object whose keys are the user's own, and whose values are one pattern or several. */
  private static Map<String, List<ValuePattern>> byName(Section section, String key) {
    Map<String, List<ValuePattern>> byName = new LinkedHashMap<>();
    Optional<Section> object = section.optionalSection(key);
    if (object.isPresent()) {
      for (String name : object.get().keys()) {
        byName.put(name, Values.of(object.get(), name, ValuePattern::new));
      }
      if (byName.isEmpty()) {
        throw section.refuse(key, "is empty; leave it out to ask for nothing");
      }
    }
    return byName;
  }
}
