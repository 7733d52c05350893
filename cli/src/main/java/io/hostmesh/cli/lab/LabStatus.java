package io.hostmesh.cli.lab;

import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code hostmesh lab status}. */
@Command(name = "status", description = "Show a lab: hosts, daemons, services.")
final class LabStatus implements Callable<Integer> {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @Option(names = "--json", description = "for programs")
  private boolean json;

  @Mixin private LabOption lab = new LabOption();

  @Override
  public Integer call() {
    JsonObject status = lab.supervisor().get("/v1/status", LIMIT);
    if (json) {
      System.out.println(status.encodePrettily());
      return 0;
    }
    System.out.printf(
        "lab in %s: %s, registry %s, supervisor pid %d%n%n",
        status.getString("dir"),
        status.getString("state"),
        status.getString("registry"),
        status.getInteger("supervisor"));
    System.out.printf("%-10s %-10s %8s  %s%n", "DAEMON", "STATE", "PID", "LOG");
    status.getJsonArray("daemons").stream().map(JsonObject.class::cast).forEach(LabStatus::daemon);
    System.out.printf(
        "%n%-6s %-14s %-10s %-18s %6s %-6s %8s  %s%n",
        "HOST", "ADDRESS", "IPV6", "SERVICE", "PORT", "KIND", "PID", "STATE");
    status.getJsonArray("hosts").stream().map(JsonObject.class::cast).forEach(LabStatus::host);
    return 0;
  }

  private static void daemon(JsonObject daemon) {
    System.out.printf(
        "%-10s %-10s %8d  %s%n",
        daemon.getString("name"),
        daemon.getString("state"),
        daemon.getInteger("pid"),
        daemon.getString("log"));
  }

  private static void host(JsonObject host) {
    String head =
        "%-6s %-14s %-10s"
            .formatted(host.getString("name"), host.getString("ipv4"), host.getString("ipv6"));
    if (host.getJsonArray("services").isEmpty()) {
      System.out.println(head + " -");
    }
    host.getJsonArray("services").stream()
        .map(JsonObject.class::cast)
        .forEach(
            service ->
                System.out.printf(
                    "%s %-18s %6d %-6s %8d  %s%n",
                    head,
                    service.getString("service"),
                    service.getInteger("port"),
                    service.getString("protocol"),
                    service.getInteger("pid"),
                    service.getBoolean("alive")
                        ? "running"
                        : "ended with status " + service.getValue("status")));
  }
}
