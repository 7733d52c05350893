package io.hostmesh.cli;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hostmesh get}. */
@Command(
    name = "get",
    sortOptions = false,
    description = "List rules; with kind and service, show the rule as it was written.",
    footer = {
      "",
      "Example:",
      "  hostmesh get",
      "  hostmesh get route greeter > greeter-route.conf"
    })
final class GetCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "KIND",
      description =
          "route, access, mode, authentication, external-authorization, upstream or limit")
  private @Nullable String kind;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "SERVICE",
      description = "the service, or \"NS/*\" or \"*/*\"")
  private @Nullable String service;

  @Option(names = "--json", description = "for programs")
  private boolean json;

  @Mixin private Mesh mesh = new Mesh();

  @Override
  public Integer call() {
    List<String> query = new ArrayList<>();
    if (kind != null) {
      query.add("kind=" + encoded(RuleKinds.checked(kind)));
    }
    if (service != null) {
      query.add("service=" + encoded(service));
    }
    JsonObject answer =
        mesh.pilot()
            .get(
                "/v1/rules" + (query.isEmpty() ? "" : "?" + String.join("&", query)),
                Limits.QUESTION);
    JsonArray rules = answer.getJsonArray("rules");
    if (json) {
      System.out.println(answer.encodePrettily());
    } else if (kind != null && service != null) {
      return text(rules);
    } else {
      table(rules);
    }
    return 0;
  }

  private int text(JsonArray rules) {
    if (rules.isEmpty()) {
      System.err.println("hostmesh: there is no rule " + kind + " for " + service);
      return 1;
    }
    for (Object each : rules) {
      String text = ((JsonObject) each).getString("text");
      System.out.print(text.endsWith("\n") ? text : text + "\n");
    }
    return 0;
  }

  private static void table(JsonArray rules) {
    if (rules.isEmpty()) {
      System.out.println("no rules");
      return;
    }
    Table table = new Table("KIND", "SERVICE", "REVISION", "STATE", "PROBLEM");
    for (Object each : rules) {
      JsonObject rule = (JsonObject) each;
      JsonArray problems = rule.getJsonArray("problems");
      table.row(
          rule.getString("kind", "?"),
          rule.getString("service", rule.getString("path", "?")),
          rule.getLong("revision"),
          rule.getString("state"),
          problems.isEmpty() ? "" : problems.getString(0));
    }
    table.print();
  }

  static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
