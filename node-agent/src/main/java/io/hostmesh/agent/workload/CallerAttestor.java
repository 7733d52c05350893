package io.hostmesh.agent.workload;

import java.net.InetSocketAddress;
import java.util.function.Supplier;

/**
 * Says who made a captured call. The kernel is asked for the very socket: from the caller's address
 * to where the caller thinks it is connected, which is the original destination. Takes some 10 µs
 * and does not wait for anything, so it may be called on event loops; not from virtual threads.
 */
public final class CallerAttestor {
  private final SocketTable sockets;
  private final CgroupTree cgroups;
  private final Supplier<WorkloadMatcher> workloads;

  /**
   * @param workloads the services declared now, read at each call
   */
  public CallerAttestor(CgroupTree cgroups, Supplier<WorkloadMatcher> workloads) {
    this(new SocketTable(), cgroups, workloads);
  }

  CallerAttestor(SocketTable sockets, CgroupTree cgroups, Supplier<WorkloadMatcher> workloads) {
    this.sockets = sockets;
    this.cgroups = cgroups;
    this.workloads = workloads;
  }

  /**
   * To be asked before anything is read from the caller: a caller that has closed by then has left
   * the kernel's tables.
   *
   * @param client the accepted connection's remote address
   * @param originalDestination see {@code redirect.OriginalDestination}
   */
  public Attestation attest(InetSocketAddress client, InetSocketAddress originalDestination) {
    KernelSocket socket = sockets.find(client, originalDestination);
    if (socket == null || socket.isListening() || !socket.hasCgroup()) {
      return new Attestation.NotLocal();
    }
    return workloads.get().match(new SocketOwner(socket.uid(), cgroups.path(socket.cgroup())));
  }
}
