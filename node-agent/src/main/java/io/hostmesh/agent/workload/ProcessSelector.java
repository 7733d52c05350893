package io.hostmesh.agent.workload;

import io.hostmesh.agent.workload.SocketHolders.Holder;
import io.hostmesh.model.hocon.Section;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What of a workload only its processes tell, for which hostmesh-attestd is asked. All parts that
 * are set must hold. Pure.
 *
 * @param gid the group of the processes that run as the user who made the socket
 * @param executable the path of the file that every process runs which holds the socket
 * @param sha256 of that file, hexadecimal
 */
public record ProcessSelector(
    Optional<Integer> gid, Optional<String> executable, Optional<String> sha256) {
  /** Asks for nothing. */
  public static final ProcessSelector NONE =
      new ProcessSelector(Optional.empty(), Optional.empty(), Optional.empty());

  /**
   * @throws IllegalArgumentException where a form is wrong
   */
  public ProcessSelector {
    executable.ifPresent(ProcessSelector::checkPath);
    sha256.ifPresent(ProcessSelector::checkHash);
  }

  static ProcessSelector read(Section section) {
    return new ProcessSelector(
        section.optionalValue("group", group -> HostNames.number("group", group)),
        section.optionalString("executable"),
        section.optionalString("sha256").map(text -> text.toLowerCase(java.util.Locale.ROOT)));
  }

  boolean isNone() {
    return gid.isEmpty() && executable.isEmpty() && sha256.isEmpty();
  }

  /** Whether these processes are the service's own. */
  boolean matches(SocketHolders.Known holders) {
    List<Holder> all = holders.processes();
    List<Holder> makers = all.stream().filter(each -> each.uid() == holders.uid()).toList();
    return holds(makers.isEmpty() ? all : makers, gid, Holder::gid)
        && holds(all, executable, Holder::executable)
        && holds(all, sha256, holder -> holder.sha256().orElse(""));
  }

  private static <T> boolean holds(
      List<Holder> holders, Optional<T> wanted, java.util.function.Function<Holder, T> part) {
    Predicate<Holder> has = holder -> part.apply(holder).equals(wanted.orElseThrow());
    return wanted.isEmpty() || holders.stream().allMatch(has);
  }

  /** Whether no process can be both. */
  boolean excludes(ProcessSelector other) {
    return differ(gid, other.gid)
        || differ(executable, other.executable)
        || differ(sha256, other.sha256);
  }

  private static <T> boolean differ(Optional<T> one, Optional<T> other) {
    return one.isPresent() && other.isPresent() && !one.equals(other);
  }

  /** Whether the two name a same thing. */
  boolean meets(ProcessSelector other) {
    return same(gid, other.gid) || same(executable, other.executable) || same(sha256, other.sha256);
  }

  private static <T> boolean same(Optional<T> one, Optional<T> other) {
    return one.isPresent() && one.equals(other);
  }

  /** For messages. */
  List<String> parts() {
    List<String> parts = new ArrayList<>();
    gid.ifPresent(id -> parts.add("gid " + id));
    executable.ifPresent(path -> parts.add("executable " + path));
    sha256.ifPresent(hash -> parts.add("sha256 " + hash));
    return parts;
  }

  private static void checkPath(String path) {
    if (!path.startsWith("/") || path.length() > 4096 || (path + "/").contains("/../")) {
      throw new IllegalArgumentException(
          "\"" + path + "\" is not the whole path of a program such as /usr/sbin/nginx");
    }
  }

  private static void checkHash(String hash) {
    if (!hash.matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException(
          "\"" + hash + "\" is not a SHA-256, 64 hexadecimal digits as sha256sum prints them");
    }
  }
}
