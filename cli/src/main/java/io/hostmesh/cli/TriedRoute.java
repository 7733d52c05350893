package io.hostmesh.cli;

import io.hostmesh.model.rules.Action;
import io.hostmesh.model.rules.FaultPolicy;
import io.hostmesh.model.rules.Handling;
import io.hostmesh.model.rules.HeaderChanges;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.Sending;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** What an entry of a route does with a request, in words. */
final class TriedRoute {
  /**
   * @param what one word
   */
  record Line(String what, String text) {}

  private final List<Line> lines = new ArrayList<>();

  private TriedRoute() {}

  /**
   * @throws IllegalArgumentException with a sentence, where the entry makes no path of the
   *     request's
   */
  static List<Line> of(RouteRule rule, RouteRule.Entry entry, TriedRequest request) {
    TriedRoute tried = new TriedRoute();
    String path = request.rewritten(entry);
    switch (entry.action()) {
      case Action.Forward forward -> tried.targets(rule, forward.targets());
      case Action.Redirect redirect ->
          tried.say(
              "answer",
              redirect.status()
                  + " to "
                  + redirect.scheme().map(scheme -> scheme + "://").orElse("")
                  + redirect.host().orElse("")
                  + path);
      case Action.Respond respond ->
          tried.say("answer", respond.status() + " " + respond.body().strip());
    }
    if (entry.handling().path().isPresent()) {
      tried.say("path", path);
    }
    tried.handling(entry.handling());
    return List.copyOf(tried.lines);
  }

  private void say(String what, String text) {
    lines.add(new Line(what, text.strip()));
  }

  private void targets(RouteRule rule, List<RouteRule.Target> targets) {
    double sum = targets.stream().mapToInt(RouteRule.Target::weight).sum();
    for (RouteRule.Target target : targets) {
      String subset =
          target
              .subset()
              .map(name -> "subset " + name + meta(rule, target, name) + " of ")
              .orElse("all instances of ");
      say(
          "to",
          String.format(
              Locale.ROOT,
              "%s%s, %s %%%s",
              subset,
              target.service().orElse(rule.service()),
              share(100 * target.weight() / sum),
              target.fallback().map(TriedRoute::fallback).orElse("")));
    }
  }

  private static String fallback(String name) {
    return "; while none of it is well, "
        + (name.equals(RouteRule.Target.ALL) ? "all instances" : "subset " + name);
  }

  private static String share(double percent) {
    return percent == Math.rint(percent)
        ? String.valueOf((long) percent)
        : String.format(Locale.ROOT, "%.2f", percent);
  }

  private static String meta(RouteRule rule, RouteRule.Target target, String name) {
    RouteRule.Subset subset = target.service().isPresent() ? null : rule.subsets().get(name);
    return subset == null ? "" : " " + new TreeMap<>(subset.meta());
  }

  private void handling(Handling handling) {
    handling.host().ifPresent(host -> say("host", host));
    headers("request", handling.request());
    headers("response", handling.response());
    handling.cors().ifPresent(cors -> say("cors", "pages of " + cors.origins() + " may read"));
    sending(handling.sending());
  }

  private void sending(Sending sending) {
    sending.fault().ifPresent(this::fault);
    sending.timeout().ifPresent(time -> say("timeout", time.toMillis() + " ms"));
    sending.retry().ifPresent(retry -> say("retry", "at most " + retry.attempts() + " tries"));
    sending.hedge().ifPresent(hedge -> say("hedge", "at most " + hedge.most() + " copies"));
    sending
        .mirror()
        .ifPresent(
            mirror ->
                say(
                    "mirror",
                    mirror.share()
                        + " to "
                        + mirror.subset().map(name -> "subset " + name + " of ").orElse("")
                        + mirror.service().map(Object::toString).orElse("the service itself")));
  }

  private void fault(FaultPolicy fault) {
    String of = fault.headers().isEmpty() ? "" : ", with the headers that it asks for";
    fault
        .delay()
        .ifPresent(
            delay -> say("fault", delay.share() + " wait " + delay.time().toMillis() + " ms" + of));
    fault.abort().ifPresent(abort -> say("fault", abort.share() + " are aborted" + of));
  }

  private void headers(String which, HeaderChanges changes) {
    changes.remove().forEach(name -> say("header", which + " without " + name));
    for (Map.Entry<String, String> header : changes.set().entrySet()) {
      say("header", which + " with " + header.getKey() + ": " + header.getValue());
    }
    for (Map.Entry<String, String> header : changes.add().entrySet()) {
      say("header", which + " with also " + header.getKey() + ": " + header.getValue());
    }
  }
}
