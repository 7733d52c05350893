package io.hostmesh.model.routing;

import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.CallerPattern;
import io.hostmesh.model.rules.HostPattern;
import io.hostmesh.model.rules.MirrorPolicy;
import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.PathRewrite;
import io.hostmesh.model.rules.RequestMatch;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.ValueMatch;
import io.hostmesh.model.rules.ValuePattern;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/** What is odd about a route though it can hold. Pure; by the rule alone, without a mesh. */
public final class RouteAnalysis {
  /**
   * @param text what is odd, and what follows from it
   */
  public record Finding(Origin origin, String text) {}

  private RouteAnalysis() {}

  /** All findings, in the order of the document. */
  public static List<Finding> of(RouteRule rule) {
    List<Finding> findings = new ArrayList<>();
    List<RouteRule.Entry> entries = rule.entries();
    Set<String> used = new HashSet<>();
    for (int i = 0; i < entries.size(); i++) {
      RouteRule.Entry entry = entries.get(i);
      shadow(entries, i)
          .ifPresent(
              by ->
                  findings.add(
                      new Finding(
                          entry.origin(),
                          "no request ever comes to this entry: "
                              + shown(by)
                              + " before it holds all that it would hold")));
      weights(entry, findings);
      prefixes(entry, findings);
      entry.targets().stream()
          .filter(target -> target.service().isEmpty() && target.weight() > 0)
          .forEach(target -> used.addAll(target.subsets()));
      entry
          .handling()
          .sending()
          .mirror()
          .filter(mirror -> mirror.service().isEmpty())
          .flatMap(MirrorPolicy::subset)
          .ifPresent(used::add);
    }
    if (!entries.isEmpty()) {
      rule.subsets().values().stream()
          .filter(subset -> !used.contains(subset.name()))
          .map(
              subset ->
                  new Finding(
                      subset.origin(),
                      "no entry of this route sends anything to subset \""
                          + subset.name()
                          + "\"; that is well where other services' routes do"))
          .forEach(findings::add);
    }
    return List.copyOf(findings);
  }

  /** {@code /static*} holds {@code /statically} too, of which a rewritten prefix makes nonsense. */
  private static void prefixes(RouteRule.Entry entry, List<Finding> findings) {
    if (entry.rewrite().filter(PathRewrite.Prefix.class::isInstance).isEmpty()) {
      return;
    }
    for (PathPattern path : match(entry).paths()) {
      if (path.isPrefix() && !path.literal().endsWith("/")) {
        findings.add(
            new Finding(
                entry.origin(),
                "\""
                    + path
                    + "\" holds more than what is below "
                    + path.literal()
                    + "/, and the rest of all that is put behind the new prefix; \""
                    + path.literal()
                    + "/*\" was meant?"));
      }
    }
  }

  private static void weights(RouteRule.Entry entry, List<Finding> findings) {
    List<RouteRule.Target> targets = entry.targets();
    int sum = targets.stream().mapToInt(RouteRule.Target::weight).sum();
    if (targets.size() > 1 && sum >= 90 && sum <= 110 && sum != 100) {
      findings.add(
          new Finding(
              entry.origin(),
              "the weights sum to " + sum + ": they are shares, not percents; 100 was meant?"));
    }
  }

  /** The first entry before one that holds all of its requests. */
  private static Optional<RouteRule.Entry> shadow(List<RouteRule.Entry> entries, int index) {
    RequestMatch match = match(entries.get(index));
    return entries.subList(0, index).stream()
        .filter(before -> covers(match(before), match))
        .findFirst();
  }

  private static String shown(RouteRule.Entry entry) {
    return entry
        .name()
        .map(name -> "entry \"" + name + "\"")
        .orElseGet(
            () ->
                "the entry "
                    + (entry.origin().line() > 0 ? "at line " + entry.origin().line() : ""));
  }

  private static RequestMatch match(RouteRule.Entry entry) {
    return entry.match().orElse(RequestMatch.ALL);
  }

  /** Whether every request that the second holds is held by the first, as far as can be told. */
  static boolean covers(RequestMatch first, RequestMatch second) {
    return coversPath(first, second)
        && anyCovers(first.methods(), second.methods(), String::equals)
        && coversValues(first.headers(), second.headers())
        && coversValues(first.query(), second.query())
        && anyCovers(first.hosts(), second.hosts(), RouteAnalysis::coversHost)
        && anyCovers(first.sources(), second.sources(), RouteAnalysis::coversCaller)
        && second.sourceMeta().entrySet().containsAll(first.sourceMeta().entrySet());
  }

  private static boolean coversPath(RequestMatch first, RequestMatch second) {
    if (first.pathRegex().isPresent()) {
      return first.pathRegex().equals(second.pathRegex())
          || (!second.paths().isEmpty()
              && second.paths().stream()
                  .allMatch(
                      path -> !path.isPrefix() && first.pathRegex().get().matches(path.literal())));
    }
    return anyCovers(first.paths(), second.paths(), RouteAnalysis::coversPattern);
  }

  /** An empty list holds all; otherwise each of the second must be within one of the first. */
  private static <T> boolean anyCovers(
      Collection<T> first, Collection<T> second, BiPredicate<T, T> covers) {
    return first.isEmpty()
        || (!second.isEmpty()
            && second.stream().allMatch(b -> first.stream().anyMatch(a -> covers.test(a, b))));
  }

  private static boolean coversPattern(PathPattern first, PathPattern second) {
    return first.isPrefix()
        ? second.literal().startsWith(first.literal())
        : !second.isPrefix() && first.equals(second);
  }

  private static boolean coversHost(HostPattern first, HostPattern second) {
    return first.equals(second)
        || (first.text().startsWith("*.") && second.text().endsWith(first.text().substring(1)));
  }

  private static boolean coversCaller(CallerPattern first, CallerPattern second) {
    return first.equals(second)
        || (first instanceof CallerPattern.OfNamespace(String namespace)
            && second instanceof CallerPattern.OfService of
            && of.name().namespace().equals(namespace))
        || (first instanceof CallerPattern.AnyOfMesh && !(second instanceof CallerPattern.OfId));
  }

  private static boolean coversValues(
      Map<String, ValueMatch> first, Map<String, ValueMatch> second) {
    return first.entrySet().stream()
        .allMatch(wanted -> coversValue(wanted.getValue(), second.get(wanted.getKey())));
  }

  private static boolean coversValue(ValueMatch first, @Nullable ValueMatch second) {
    if (second == null) {
      return false;
    }
    return first.equals(second)
        || (first instanceof ValueMatch.AnyOf a
            && second instanceof ValueMatch.AnyOf b
            && anyCovers(a.patterns(), b.patterns(), RouteAnalysis::coversText))
        || (first instanceof ValueMatch.AnyOf any
            && any.patterns().contains(new ValuePattern("*"))
            && second instanceof ValueMatch.Like);
  }

  private static boolean coversText(ValuePattern first, ValuePattern second) {
    return first.equals(second)
        || first.text().equals("*")
        || (second.text().indexOf('*') < 0 && first.matches(second.text()));
  }
}
