package io.hostmesh.cli;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.AdminClient;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hostmesh audit}. */
@Command(
    name = "audit",
    sortOptions = false,
    description = {
      "Show who changed what: pilot's and citadel's audit logs, those that answer.",
      "With --agent, what was changed on a host's agent instead."
    },
    footer = {"", "Example:", "  hostmesh audit --since 24h", "  hostmesh audit --agent --last 5"})
final class AuditCommand implements Callable<Integer> {
  @Option(names = "--last", paramLabel = "N", description = "how many (default: 20)")
  private int last = 20;

  @Option(
      names = "--since",
      paramLabel = "WHEN",
      description = "a time such as 2026-01-31T08:00:00Z, or how long ago, such as 24h")
  private @Nullable String since;

  @Option(
      names = "--agent",
      paramLabel = "HOST",
      arity = "0..1",
      fallbackValue = "",
      description = "the agent of this machine, or of this host of the lab")
  private @Nullable String agent;

  @Option(names = "--output", paramLabel = "FORM", description = "text (the default) or json")
  private String output = "text";

  @Mixin private Mesh mesh = new Mesh();

  @Override
  public Integer call() {
    Outputs.check(output);
    String query = "/v1/audit?last=" + last + (since == null ? "" : "&since=" + Times.since(since));
    List<JsonObject> changes = new ArrayList<>();
    if (agent != null) {
      add(changes, mesh.agent(agent), query);
    } else {
      int silent = 0;
      for (java.util.function.Supplier<AdminClient> door :
          List.<java.util.function.Supplier<AdminClient>>of(mesh::pilot, mesh::citadel)) {
        try {
          add(changes, door.get(), query);
        } catch (UserError e) {
          System.err.println("note: " + e.getMessage());
          silent++;
        }
      }
      if (silent == 2) {
        return 1;
      }
    }
    changes.sort(Comparator.comparing(change -> Instant.parse(change.getString("time"))));
    show(changes.subList(Math.max(0, changes.size() - last), changes.size()));
    return 0;
  }

  private static void add(List<JsonObject> changes, AdminClient door, String query) {
    JsonArray answer = door.get(query, Limits.QUESTION).getJsonArray("changes");
    answer.forEach(change -> changes.add((JsonObject) change));
  }

  private void show(List<JsonObject> changes) {
    if (Outputs.isJson(output)) {
      System.out.println(new JsonObject().put("changes", new JsonArray(changes)).encodePrettily());
      return;
    }
    if (changes.isEmpty()) {
      System.out.println("no changes");
      return;
    }
    Table table = new Table("TIME", "DAEMON", "WHO", "WHAT", "BEFORE", "AFTER", "RESULT");
    for (JsonObject change : changes) {
      JsonObject who = change.getJsonObject("who", new JsonObject());
      table.row(
          change.getString("time").replaceFirst("\\.[0-9]+Z", "Z"),
          change.getString("daemon", ""),
          who.getString("operator", who.getString("user", "?")),
          change.getString("object", change.getString("action", "?")),
          change.getString("before", ""),
          change.getString("after", ""),
          change.getString("result", ""));
    }
    table.print();
  }

  /** Times as people give them. */
  static final class Times {
    private Times() {}

    /**
     * @throws UserError where it is neither a time nor a duration
     */
    static String since(String text) {
      try {
        return (text.matches("[0-9]+[smhd]")
                ? Instant.now()
                    .minus(
                        text.endsWith("d")
                            ? Duration.ofDays(Long.parseLong(text.substring(0, text.length() - 1)))
                            : Duration.parse("PT" + text))
                : Instant.parse(text))
            .toString();
      } catch (DateTimeException | ArithmeticException e) {
        throw new UserError(
            "--since " + text + ": use a time such as 2026-01-31T08:00:00Z, or 30m, 24h, 7d", e);
      }
    }
  }
}
