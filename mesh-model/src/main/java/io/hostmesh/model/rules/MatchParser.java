package io.hostmesh.model.rules;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Reads {@code match { ... }} of any kind of rule. */
final class MatchParser {
  private MatchParser() {}

  static RequestMatch match(Section match) {
    List<PathPattern> paths = new ArrayList<>(Values.of(match, "path", PathPattern::new));
    List<PathPattern> calls = Values.of(match, "grpc", Values::grpc);
    Optional<Regex> regex = match.optionalValue("path-regex", Regex::new);
    if ((paths.isEmpty() ? 0 : 1) + (calls.isEmpty() ? 0 : 1) + (regex.isPresent() ? 1 : 0) > 1) {
      throw match.refuse(
          regex.isPresent() ? "path-regex" : "grpc", "path, path-regex and grpc: use one of them");
    }
    paths.addAll(calls);
    RequestMatch read =
        new RequestMatch(
            paths,
            regex,
            new LinkedHashSet<>(Values.of(match, "method", Values::method)),
            byName(match, "header", true),
            byName(match, "query", false),
            Values.of(match, "host", HostPattern::new),
            Values.of(match, "source", CallerPattern::parse),
            meta(match));
    if (read.equals(RequestMatch.ALL)) {
      throw new HoconException(
          match.origin(), "an empty match; leave match out to match every request");
    }
    match.end();
    return read;
  }

  private static Map<String, String> meta(Section match) {
    Map<String, String> meta = match.stringMap("source-meta");
    if (match.has("source-meta") && meta.isEmpty()) {
      throw match.refuse("source-meta", "is empty; leave it out to ask for nothing");
    }
    return meta;
  }

  static Map<String, ValueMatch> byName(Section match, String key, boolean headers) {
    Map<String, ValueMatch> byName = new LinkedHashMap<>();
    Section section = match.section(key);
    for (String name : section.keys()) {
      if (headers) {
        Values.headerName(section, name);
      }
      if (byName.put(headers ? name.toLowerCase(Locale.ROOT) : name, value(section, name))
          != null) {
        throw section.refuse(name, name + " stands there twice; names of headers have no case");
      }
    }
    if (match.has(key) && byName.isEmpty()) {
      throw match.refuse(key, "is empty; leave it out to ask for nothing");
    }
    return byName;
  }

  /** A value, a list of values, or an object that says how. */
  private static ValueMatch value(Section section, String name) {
    if (!section.isObject(name)) {
      return new ValueMatch.AnyOf(Values.of(section, name, ValuePattern::new));
    }
    Section how = section.section(name);
    List<ValueMatch> said = new ArrayList<>();
    how.optionalValue("regex", Regex::new).map(ValueMatch.Like::new).ifPresent(said::add);
    if (how.has("not")) {
      said.add(new ValueMatch.NoneOf(Values.of(how, "not", ValuePattern::new)));
    }
    if (how.has("present")) {
      said.add(
          how.bool("present", true)
              ? new ValueMatch.AnyOf(List.of(new ValuePattern("*")))
              : new ValueMatch.Absent());
    }
    how.end();
    if (said.size() != 1) {
      throw section.refuse(name, "write a value, a list, or { regex }, { not } or { present }");
    }
    return said.getFirst();
  }
}
