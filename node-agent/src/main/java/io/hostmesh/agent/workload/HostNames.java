package io.hostmesh.agent.workload;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Users and groups of this host by their names, from all of the host's sources. Blocks. */
final class HostNames {
  private HostNames() {}

  /**
   * The number of a user or a group.
   *
   * @param kind {@code user} or {@code group}
   * @throws IllegalArgumentException where there is none of this name
   */
  static int number(String kind, String name) {
    if (name.matches("[0-9]{1,9}")) {
      return Integer.parseInt(name);
    }
    if (!name.matches("[A-Za-z_][A-Za-z0-9._-]*[$]?")) {
      throw new IllegalArgumentException("\"" + name + "\" is not a " + kind + "'s name or number");
    }
    return kind.equals("group")
        ? Integer.parseInt(ask(kind, name, "getent", "group", "--", name).split(":", -1)[2])
        : Integer.parseInt(ask(kind, name, "id", "-u", "--", name));
  }

  private static String ask(String kind, String name, String... command) {
    try {
      Process asking =
          new ProcessBuilder(List.of(command))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String answer =
          new String(asking.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (!asking.waitFor(10, TimeUnit.SECONDS) || asking.exitValue() != 0 || answer.isEmpty()) {
        throw new IllegalArgumentException(
            "there is no " + kind + " \"" + name + "\" on this host");
      }
      return answer;
    } catch (IOException e) {
      throw new IllegalArgumentException("cannot look up " + kind + " \"" + name + "\": " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalArgumentException("interrupted while looking up " + kind + " " + name, e);
    }
  }
}
