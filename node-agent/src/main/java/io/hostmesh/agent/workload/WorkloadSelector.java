package io.hostmesh.agent.workload;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which sockets are a service's own. All parts that are set must hold; at least one is.
 *
 * @param unit a systemd unit of the system's manager: its control group and all below, in whichever
 *     slice it is, except {@code user.slice}, where any user may name a unit as they like
 * @param cgroup a control group's whole path; it and all below
 * @param uid the user that made the socket
 * @param container how the id of a container of Docker, Podman or containerd begins, as the name of
 *     its control group has it
 * @param process what only the processes that hold the socket tell
 */
public record WorkloadSelector(
    Optional<String> unit,
    Optional<String> cgroup,
    Optional<Integer> uid,
    Optional<String> container,
    ProcessSelector process) {

  /** By what the kernel says of a socket alone. */
  public WorkloadSelector(Optional<String> unit, Optional<String> cgroup, Optional<Integer> uid) {
    this(unit, cgroup, uid, Optional.empty(), ProcessSelector.NONE);
  }

  /**
   * @throws IllegalArgumentException where nothing is set, or a form is wrong
   */
  public WorkloadSelector {
    if (unit.isEmpty()
        && cgroup.isEmpty()
        && uid.isEmpty()
        && container.isEmpty()
        && process.isNone()) {
      throw new IllegalArgumentException(
          "a workload needs a unit, a cgroup, a user, a container, an executable, its sha256 or a"
              + " group");
    }
    container.ifPresent(ContainerGroups::checkPrefix);
    unit.ifPresent(WorkloadSelector::checkUnit);
    cgroup = cgroup.map(WorkloadSelector::checkedPath);
  }

  public static WorkloadSelector unit(String unit) {
    return new WorkloadSelector(Optional.of(unit), Optional.empty(), Optional.empty());
  }

  public static WorkloadSelector cgroup(String path) {
    return new WorkloadSelector(Optional.empty(), Optional.of(path), Optional.empty());
  }

  public static WorkloadSelector uid(int uid) {
    return new WorkloadSelector(Optional.empty(), Optional.empty(), Optional.of(uid));
  }

  /**
   * Reads a service's {@code workload} object: {@code unit}, {@code cgroup}, {@code user} and
   * {@code group} (names or numbers), {@code executable}, {@code sha256}, {@code container.id}.
   *
   * @throws HoconException where nothing is set, or a value cannot be used
   */
  public static WorkloadSelector read(Section section) {
    Optional<String> unit = section.optionalString("unit");
    Optional<String> cgroup = section.optionalString("cgroup");
    Optional<Integer> uid = section.optionalValue("user", name -> HostNames.number("user", name));
    try {
      Optional<String> container = section.section("container").optionalString("id");
      return new WorkloadSelector(unit, cgroup, uid, container, ProcessSelector.read(section));
    } catch (IllegalArgumentException e) {
      throw new HoconException(section.origin(), String.valueOf(e.getMessage()), e);
    }
  }

  /** Whether a socket of this owner is the service's own, as far as the kernel tells of it. */
  public boolean matches(SocketOwner owner) {
    return (container.isEmpty()
            || owner
                .cgroup()
                .flatMap(ContainerGroups::id)
                .map(id -> id.startsWith(container.get()))
                .orElse(false))
        && (uid.isEmpty() || uid.get() == owner.uid())
        && (unit.isEmpty() || owner.cgroup().map(path -> inUnit(path, unit.get())).orElse(false))
        && (cgroup.isEmpty()
            || owner.cgroup().map(path -> below(path, cgroup.get())).orElse(false));
  }

  /** Whether the kernel's word on a socket is not enough. */
  public boolean needsProcesses() {
    return !process.isNone();
  }

  /** Whether the executables' hashes must be known. */
  boolean needsHash() {
    return process.sha256().isPresent();
  }

  /** Whether a socket of this owner that these processes hold is the service's own. */
  public boolean matches(SocketOwner owner, SocketHolders.Known holders) {
    return matches(owner) && process.matches(holders);
  }

  /**
   * Whether one socket could be both services' own, as far as the two selectors alone tell: a unit
   * and a user may, but need not, and count as apart.
   */
  public boolean overlaps(WorkloadSelector other) {
    if (uid.isPresent() && other.uid.isPresent() && !uid.equals(other.uid)) {
      return false;
    }
    if (process.excludes(other.process)) {
      return false;
    }
    if (container.isPresent() && other.container.isPresent()) {
      return container.get().startsWith(other.container.get())
          || other.container.get().startsWith(container.get());
    }
    if (unit.isPresent() && other.unit.isPresent()) {
      return unit.equals(other.unit);
    }
    if (cgroup.isPresent() && other.cgroup.isPresent()) {
      return below(cgroup.get(), other.cgroup.get()) || below(other.cgroup.get(), cgroup.get());
    }
    if (unit.isPresent() && other.cgroup.isPresent()) {
      return inUnit(other.cgroup.get(), unit.get());
    }
    if (cgroup.isPresent() && other.unit.isPresent()) {
      return inUnit(cgroup.get(), other.unit.get());
    }
    return (uid.isPresent() && uid.equals(other.uid)) || process.meets(other.process);
  }

  /** For messages. */
  @Override
  public String toString() {
    List<String> parts = new ArrayList<>();
    unit.ifPresent(name -> parts.add("unit " + name));
    cgroup.ifPresent(path -> parts.add("cgroup " + path));
    uid.ifPresent(id -> parts.add("uid " + id));
    container.ifPresent(id -> parts.add("container " + id));
    parts.addAll(process.parts());
    return String.join(", ", parts);
  }

  /**
   * Only slices may stand above the unit: below a unit, whoever it delegates to makes groups under
   * any name.
   */
  static boolean inUnit(String path, String unit) {
    if (below(path, "/user.slice")) {
      return false;
    }
    int start = 1;
    while (start < path.length()) {
      int slash = path.indexOf('/', start);
      int end = slash < 0 ? path.length() : slash;
      if (end - start == unit.length() && path.startsWith(unit, start)) {
        return true;
      }
      if (!path.substring(start, end).endsWith(".slice")) {
        return false;
      }
      start = end + 1;
    }
    return false;
  }

  private static boolean below(String path, String top) {
    return path.startsWith(top)
        && (path.length() == top.length() || path.charAt(top.length()) == '/');
  }

  private static void checkUnit(String unit) {
    if (unit.isEmpty() || unit.indexOf('/') >= 0 || unit.indexOf('.') < 0) {
      throw new IllegalArgumentException(
          "\"" + unit + "\" is not a unit's name such as web.service (a path goes to cgroup)");
    }
  }

  private static String checkedPath(String path) {
    String trimmed = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
    if (!trimmed.startsWith("/") || trimmed.contains("//") || (trimmed + "/").contains("/../")) {
      throw new IllegalArgumentException(
          "\"" + path + "\" is not a control group's path such as /system.slice/web.service");
    }
    return trimmed;
  }
}
