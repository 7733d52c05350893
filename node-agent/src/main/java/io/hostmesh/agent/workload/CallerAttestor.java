package io.hostmesh.agent.workload;

import io.hostmesh.agent.workload.ConnectionTracking.Origin;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Says who made a captured call. The kernel is asked for the very socket: from the caller's address
 * to where the caller thinks it is connected, which is the original destination. The caller's port
 * is asked of connection tracking, for the one that the accepted connection bears may not be it; it
 * may even be that of another process's socket, so it is believed only where nothing better can be
 * known. Takes some 10 to 20 µs and does not wait for anything, so it may be called on event loops;
 * not from virtual threads.
 */
public final class CallerAttestor {
  private final SocketTable sockets = new SocketTable();
  private final ConnectionTracking tracking = new ConnectionTracking();
  private final CgroupTree cgroups;
  private final Supplier<WorkloadMatcher> workloads;

  /**
   * @param workloads the services declared now, read at each call
   */
  public CallerAttestor(CgroupTree cgroups, Supplier<WorkloadMatcher> workloads) {
    this.cgroups = cgroups;
    this.workloads = workloads;
  }

  /**
   * To be asked before anything is read from the caller: a caller that has closed by then has left
   * the kernel's tables.
   *
   * @param local the accepted connection's own address
   * @param remote the accepted connection's remote address
   * @param originalDestination see {@code redirect.OriginalDestination}
   */
  public Attestation attest(
      InetSocketAddress local, InetSocketAddress remote, InetSocketAddress originalDestination) {
    Origin origin = tracking.origin(local, remote);
    InetSocketAddress client = origin instanceof Origin.Known known ? known.source() : remote;
    KernelSocket socket = sockets.find(client, originalDestination);
    if (socket == null || socket.isListening() || !socket.hasCgroup()) {
      return new Attestation.NotLocal(
          origin instanceof Origin.Unasked unasked
              ? Optional.of(unasked.reason())
              : Optional.empty());
    }
    return workloads.get().match(new SocketOwner(socket.uid(), cgroups.path(socket.cgroup())));
  }
}
