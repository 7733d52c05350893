package io.hostmesh.agent.workload;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Containers by their control groups: {@code docker-<id>.scope} and {@code libpod-<id>.scope} where
 * systemd makes them, {@code /docker/<id>} and {@code libpod-<id>} where the runtime does. Pure.
 */
public final class ContainerGroups {
  private static final Pattern ID =
      Pattern.compile(
          "/(?:(?:docker|libpod|cri-containerd|nerdctl)-(?<scope>[0-9a-f]{64})(?:\\.scope)?"
              + "|docker/(?<plain>[0-9a-f]{64}))(?=/|$)");

  private ContainerGroups() {}

  /** The id of the container that a control group belongs to; empty where it is none's. */
  public static Optional<String> id(String cgroup) {
    if (cgroup.startsWith("/user.slice/")) {
      return Optional.empty(); // Any user may name groups there as they like.
    }
    Matcher matcher = ID.matcher(cgroup);
    return matcher.find()
        ? Optional.ofNullable(matcher.group("scope")).or(() -> Optional.of(matcher.group("plain")))
        : Optional.empty();
  }

  static void checkPrefix(String id) {
    if (!id.matches("[0-9a-f]{12,64}")) {
      throw new IllegalArgumentException(
          "\"" + id + "\" is not a container's id, or its first 12 digits or more");
    }
  }
}
