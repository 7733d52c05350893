package io.hostmesh.agent.workload;

import io.hostmesh.agent.workload.ConnectionTracking.Origin;
import io.netty.channel.EventLoop;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Says who made a captured call. The kernel is asked for the very socket: from the caller's address
 * to where the caller thinks it is connected, which is the original destination. The caller's port
 * is asked of connection tracking, for the one that the accepted connection bears may not be it; it
 * may even be that of another process's socket, so it is believed only where nothing better can be
 * known. That takes some 10 to 20 µs and does not wait for anything, so it may be called on event
 * loops; not from virtual threads. Only where a service asks for an executable or a group is the
 * helper asked, which answers later.
 */
public final class CallerAttestor {
  private final SocketTable sockets = new SocketTable();
  private final ConnectionTracking tracking = new ConnectionTracking();
  private final CgroupTree cgroups;
  private final Supplier<WorkloadMatcher> workloads;
  private final ProcessFinder processes;
  private final boolean containers;

  /**
   * @param workloads the services declared now, read at each call
   * @param containers whether calls are captured of containers that have networks of their own
   */
  public CallerAttestor(
      CgroupTree cgroups,
      Supplier<WorkloadMatcher> workloads,
      ProcessFinder processes,
      boolean containers) {
    this.containers = containers;
    this.cgroups = cgroups;
    this.workloads = workloads;
    this.processes = processes;
  }

  /**
   * To be asked before anything is read from the caller: a caller that has closed by then has left
   * the kernel's tables.
   *
   * @param local the accepted connection's own address
   * @param remote the accepted connection's remote address
   * @param originalDestination see {@code redirect.OriginalDestination}
   * @param loop where the answer is wanted
   * @param then called once, at once or within two seconds
   */
  public void attest(
      InetSocketAddress local,
      InetSocketAddress remote,
      InetSocketAddress originalDestination,
      EventLoop loop,
      Consumer<Attestation> then) {
    Origin origin = tracking.origin(local, remote);
    InetSocketAddress client = origin instanceof Origin.Known known ? known.source() : remote;
    KernelSocket socket = sockets.find(client, originalDestination);
    if (socket == null && containers && !client.getAddress().isLoopbackAddress()) {
      contained(client, originalDestination, loop, then);
      return;
    }
    if (socket == null || socket.isListening() || !socket.hasCgroup()) {
      then.accept(
          new Attestation.NotLocal(
              origin instanceof Origin.Unasked unasked
                  ? Optional.of(unasked.reason())
                  : Optional.empty()));
      return;
    }
    SocketOwner owner = new SocketOwner(socket.uid(), cgroups.path(socket.cgroup()));
    WorkloadMatcher declared = workloads.get();
    if (!declared.needsProcesses(owner)) {
      then.accept(declared.match(owner));
      return;
    }
    processes.find(
        new SocketQuestion(
            SocketQuestion.About.CONNECTION,
            declared.needsHash(owner),
            client,
            originalDestination),
        loop,
        holders -> then.accept(declared.match(owner, ofSame(socket, holders))));
  }

  /**
   * A socket that this network does not have may be one of a container's, which the helper sees.
   */
  private void contained(
      InetSocketAddress client,
      InetSocketAddress originalDestination,
      EventLoop loop,
      Consumer<Attestation> then) {
    processes.find(
        new SocketQuestion(SocketQuestion.About.CONTAINED, true, client, originalDestination),
        loop,
        holders ->
            then.accept(
                switch (holders) {
                  case SocketHolders.Known known ->
                      workloads
                          .get()
                          .match(new SocketOwner(known.uid(), cgroups.path(known.cgroup())), known);
                  case SocketHolders.Unknown(String why) ->
                      new Attestation.NotLocal(Optional.of("of the containers: " + why));
                }));
  }

  /** The helper's word counts for the very socket that the kernel told us of. */
  private static SocketHolders ofSame(KernelSocket socket, SocketHolders holders) {
    return holders instanceof SocketHolders.Known known && known.cookie() != socket.cookie()
        ? new SocketHolders.Unknown("another connection has its addresses by now")
        : holders;
  }
}
