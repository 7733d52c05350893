package io.hostmesh.model.rules;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads what an entry of a route does with requests. */
final class HandlingParser {
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final int MAX_BODY = 4096;
  private static final Pattern HOST =
      Pattern.compile("(?:[A-Za-z0-9._-]{1,253}|\\[[0-9A-Fa-f:.]+])(?::[0-9]{1,5})?");
  private static final Pattern GROUP = Pattern.compile("\\$([0-9]+)?");

  private HandlingParser() {}

  /**
   * @param service the rule's own
   * @param subsets that it declares
   */
  static Handling handling(
      Section entry, RequestMatch match, Action action, ServiceName service, Set<String> subsets) {
    Optional<PathRewrite> path = Optional.empty();
    Optional<String> host = Optional.empty();
    Optional<Section> rewrite = entry.optionalSection("rewrite");
    if (rewrite.isPresent()) {
      path = path(rewrite.get(), match);
      host = host(rewrite.get());
      rewrite.get().end();
      if (path.isEmpty() && host.isEmpty()) {
        throw entry.refuse("rewrite", "is empty: give path, prefix, path-regex or host");
      }
    }
    HeaderChanges request = changes(entry, "request-headers");
    if (!(action instanceof Action.Forward) && (rewrite.isPresent() || !request.isNone())) {
      throw entry.refuse(
          rewrite.isPresent() ? "rewrite" : "request-headers",
          "has no effect: the entry's requests go nowhere");
    }
    return new Handling(
        path,
        host,
        request,
        changes(entry, "response-headers"),
        entry.optionalSection("cors").map(HandlingParser::cors),
        SendingParser.sending(entry, action, service, subsets));
  }

  static Action.Redirect redirect(Section section, RequestMatch match) {
    int status = section.integer("status", 301, 308, 302);
    if (!REDIRECTS.contains(status)) {
      throw section.refuse("status", status + " is not one of 301, 302, 303, 307, 308");
    }
    Optional<String> scheme =
        section.optionalValue(
            "scheme",
            text -> {
              if (!text.equals("http") && !text.equals("https")) {
                throw new IllegalArgumentException("\"" + text + "\" is not one of http, https");
              }
              return text;
            });
    Optional<String> host = host(section);
    Optional<PathRewrite> path = path(section, match);
    section.end();
    if (scheme.isEmpty() && host.isEmpty() && path.isEmpty()) {
      throw new HoconException(
          section.origin(),
          "a redirect to the same place, which the caller would follow for ever: give scheme,"
              + " host, path, prefix or path-regex");
    }
    return new Action.Redirect(status, scheme, host, path);
  }

  static Action.Respond respond(Section section) {
    int status = section.integer("status", 200, 599);
    String body = section.string("body", "");
    if (body.length() > MAX_BODY) {
      throw section.refuse(
          "body", "has " + body.length() + " characters; at most " + MAX_BODY + " are taken");
    }
    if (!body.isEmpty() && (status == 204 || status == 205 || status == 304)) {
      throw section.refuse("body", "an answer " + status + " has no body (RFC 9110 section 15)");
    }
    Action.Respond respond =
        new Action.Respond(
            status,
            body,
            section.value(
                "content-type", HandlingParser::headerValue, "text/plain; charset=utf-8"));
    section.end();
    return respond;
  }

  private static Optional<PathRewrite> path(Section section, RequestMatch match) {
    List<String> said =
        List.of("path", "prefix", "path-regex").stream().filter(section::has).toList();
    if (said.size() > 1) {
      throw section.refuse(said.get(1), "path, prefix and path-regex: use one of them");
    }
    if (said.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        switch (said.getFirst()) {
          case "path" -> new PathRewrite.Whole(section.value("path", HandlingParser::absolute));
          case "prefix" -> prefix(section, match);
          default -> substitute(section);
        });
  }

  private static PathRewrite prefix(Section section, RequestMatch match) {
    if (match.paths().isEmpty()) {
      throw section.refuse(
          "prefix", "replaces what match.path found, and the entry has no match.path");
    }
    return new PathRewrite.Prefix(section.value("prefix", HandlingParser::absolute));
  }

  private static PathRewrite substitute(Section section) {
    Regex regex = section.value("path-regex", Regex::new);
    String substitution = section.string("substitution");
    Values.parsed(section, "substitution", substitution, HandlingParser::pathText);
    GROUP
        .matcher(substitution)
        .results()
        .filter(group -> !isGroup(group.group(1), regex.groups()))
        .findFirst()
        .ifPresent(
            group -> {
              throw section.refuse(
                  "substitution",
                  "\""
                      + group.group()
                      + "\" is no group of the expression, which has "
                      + regex.groups()
                      + " in parentheses: $1 is the first");
            });
    return new PathRewrite.Substitute(regex, substitution);
  }

  private static boolean isGroup(@Nullable String digits, int groups) {
    return digits != null && digits.length() < 4 && Integer.parseInt(digits) <= groups;
  }

  private static String absolute(String path) {
    if (!path.startsWith("/")) {
      throw new IllegalArgumentException("path \"" + path + "\" does not begin with /");
    }
    if (NormalPath.made(pathText(path)) instanceof NormalPath.Reading.Ambiguous(String why)) {
      throw new IllegalArgumentException("path \"" + path + "\" " + why);
    }
    return path;
  }

  private static String pathText(String path) {
    if (path.chars().anyMatch(c -> c <= ' ' || c >= 0x7f || "?#\\".indexOf(c) >= 0)) {
      throw new IllegalArgumentException(
          "path \"" + path + "\" has characters that a path has only escaped, or a query");
    }
    return path;
  }

  private static Optional<String> host(Section section) {
    return section.optionalValue(
        "host",
        text -> {
          if (!HOST.matcher(text).matches()) {
            throw new IllegalArgumentException(
                "\"" + text + "\" is not a host, with or without a port");
          }
          return text;
        });
  }

  private static HeaderChanges changes(Section entry, String key) {
    Optional<Section> section = entry.optionalSection(key);
    if (section.isEmpty()) {
      return HeaderChanges.NONE;
    }
    List<String> remove = new ArrayList<>();
    for (String name : section.get().strings("remove")) {
      remove.add(changeable(section.get(), "remove", name));
    }
    HeaderChanges changes =
        new HeaderChanges(named(section.get(), "set"), named(section.get(), "add"), remove);
    section.get().end();
    if (changes.isNone()) {
      throw entry.refuse(key, "is empty: give set, add or remove");
    }
    return changes;
  }

  private static Map<String, String> named(Section section, String key) {
    Map<String, String> named = new TreeMap<>();
    Section values = section.section(key);
    for (String name : values.keys()) {
      named.put(changeable(values, name, name), values.value(name, HandlingParser::headerValue));
    }
    return named;
  }

  private static String changeable(Section section, String key, String name) {
    if (!Values.isHeaderName(name)) {
      throw section.refuse(key, "\"" + name + "\" is not a header name");
    }
    String lower = name.toLowerCase(Locale.ROOT);
    if (HeaderChanges.isOutOfReach(lower)) {
      throw section.refuse(
          key,
          name
              + (lower.equals("host")
                  ? " is changed with rewrite { host = ... }"
                  : " is the mesh's or frames the message, so no rule changes it"));
    }
    return lower;
  }

  private static String headerValue(String text) {
    if (text.chars().anyMatch(c -> (c < ' ' && c != '\t') || c == 0x7f || c > 0xff)) {
      throw new IllegalArgumentException("has a character that no header's value may have");
    }
    return text.strip();
  }

  private static Cors cors(Section section) {
    List<ValuePattern> origins = Values.of(section, "origins", ValuePattern::new);
    if (origins.isEmpty()) {
      throw section.refuse(
          "origins", "is required: the origins whose pages may read, such as https://shop.example");
    }
    boolean credentials = section.bool("credentials", false);
    if (credentials && origins.contains(new ValuePattern("*"))) {
      throw section.refuse(
          "credentials", "with origins = \"*\" any page could act as its user; name the origins");
    }
    Optional<Duration> maxAge = section.optionalDuration("max-age");
    Cors cors =
        new Cors(
            origins,
            new LinkedHashSet<>(Values.of(section, "methods", Values::method)),
            headerNames(section, "headers"),
            headerNames(section, "expose"),
            maxAge,
            credentials);
    section.end();
    return cors;
  }

  private static List<String> headerNames(Section section, String key) {
    return Values.of(
        section,
        key,
        text -> {
          if (!Values.isHeaderName(text)) {
            throw new IllegalArgumentException("\"" + text + "\" is not a header name");
          }
          return text.toLowerCase(Locale.ROOT);
        });
  }
}
