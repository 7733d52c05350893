package io.hostmesh.agent.workload;

import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Says whether the application that answers is the service's own. To be asked for each connection
 * to an application, between its being made and the first byte: the kernel is asked for the other
 * end of this very connection, so what it says holds for this connection, whoever takes the port
 * afterwards. Takes some 10 to 20 µs, may be called on event loops; not from virtual threads.
 *
 * <p>The control group is that of whoever made the listener: the kernel hands it down to the
 * connection. The user is asked of the listener as well, so that the answer is the same whether the
 * application has accepted already or not. All listeners that share a port by {@code SO_REUSEPORT}
 * on one address have one user (bind(2) sees to it), but may have several groups: that is why the
 * connection's own group counts. Only where the connection has no socket yet (see {@link
 * SocketTable}) must all listeners on the port be the service's.
 */
public final class ListenerAttestor {
  private final SocketTable sockets;
  private final CgroupTree cgroups;

  private final ProcessFinder processes;

  public ListenerAttestor(CgroupTree cgroups, ProcessFinder processes) {
    this.sockets = new SocketTable();
    this.cgroups = cgroups;
    this.processes = processes;
  }

  /**
   * As the other, with all that the selector asks for: where that is an executable or a group, the
   * helper is asked for those who hold the listening sockets, and all of them must match.
   *
   * @param loop where the answer is wanted
   * @param then called once, at once or within two seconds
   */
  public void attest(
      InetSocketAddress application,
      InetSocketAddress dialler,
      WorkloadSelector expected,
      EventLoop loop,
      Consumer<ListenerAttestation> then) {
    ListenerAttestation byKernel = attest(application, dialler, expected);
    if (!(byKernel instanceof ListenerAttestation.Owned owned) || !expected.needsProcesses()) {
      then.accept(byKernel);
      return;
    }
    processes.find(
        new SocketQuestion(
            SocketQuestion.About.LISTENERS, expected.needsHash(), application, application),
        loop,
        holders -> then.accept(judge(owned, expected, holders)));
  }

  private static ListenerAttestation judge(
      ListenerAttestation.Owned owned, WorkloadSelector expected, SocketHolders holders) {
    return switch (holders) {
      case SocketHolders.Known known when expected.matches(owned.owner(), known) -> owned;
      case SocketHolders.Known known ->
          new ListenerAttestation.Foreign(Optional.of(owned.owner()), expected, words(known));
      case SocketHolders.Unknown(String why) ->
          new ListenerAttestation.Foreign(Optional.of(owned.owner()), expected, why);
    };
  }

  private static String words(SocketHolders.Known known) {
    return known.processes().stream()
        .map(
            each ->
                each.executable()
                    + each.sha256().map(hash -> " of sha256 " + hash).orElse("")
                    + ", gid "
                    + each.gid())
        .distinct()
        .limit(3)
        .collect(Collectors.joining(" and "));
  }

  /**
   * By what the kernel says of sockets alone.
   *
   * @param application the address dialled
   * @param dialler the local address of our end of the connection
   * @param expected the service's own workload
   */
  public ListenerAttestation attest(
      InetSocketAddress application, InetSocketAddress dialler, WorkloadSelector expected) {
    KernelSocket accepted = sockets.find(application, dialler);
    return accepted == null || !accepted.hasCgroup() || accepted.isListening()
        ? allListeners(application.getPort(), expected)
        : connection(accepted, application, expected);
  }

  private ListenerAttestation connection(
      KernelSocket accepted, InetSocketAddress application, WorkloadSelector expected) {
    @Nullable KernelSocket listener =
        expected.uid().isPresent() ? sockets.listener(application) : null;
    int uid = listener == null ? accepted.uid() : listener.uid();
    return judge(owner(uid, accepted), expected);
  }

  private ListenerAttestation allListeners(int port, WorkloadSelector expected) {
    List<KernelSocket> listeners = sockets.listeners(port);
    ListenerAttestation last = new ListenerAttestation.Foreign(Optional.empty(), expected);
    for (KernelSocket listener : listeners) {
      last = judge(owner(listener.uid(), listener), expected);
      if (last instanceof ListenerAttestation.Foreign) {
        return last;
      }
    }
    return last;
  }

  private SocketOwner owner(int uid, KernelSocket socket) {
    return new SocketOwner(uid, cgroups.path(socket.cgroup()));
  }

  private static ListenerAttestation judge(SocketOwner owner, WorkloadSelector expected) {
    return expected.matches(owner)
        ? new ListenerAttestation.Owned(owner)
        : new ListenerAttestation.Foreign(Optional.of(owner), expected);
  }
}
