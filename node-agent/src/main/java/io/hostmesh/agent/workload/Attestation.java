package io.hostmesh.agent.workload;

import io.hostmesh.model.ServiceName;
import java.util.List;
import java.util.Optional;

/** Who is calling, as the kernel tells it. */
public sealed interface Attestation {
  /** A declared service of this host. */
  record Attested(Workload workload, SocketOwner owner) implements Attestation {
    public ServiceName service() {
      return workload.service();
    }
  }

  /**
   * A process of this host that belongs to no declared service: it has no identity.
   *
   * @param doubt why it may be a service's nevertheless: what could not be asked
   */
  record Unknown(SocketOwner owner, Optional<String> doubt) implements Attestation {
    public Unknown(SocketOwner owner) {
      this(owner, Optional.empty());
    }
  }

  /** A process that two services claim: it is refused, for either could be meant. */
  record Ambiguous(SocketOwner owner, List<Workload> claimants) implements Attestation {
    public Ambiguous {
      claimants = List.copyOf(claimants);
    }
  }

  /**
   * No such socket on this host: the caller is on another one, or has gone by now. Also a caller
   * that closed both ways before it was looked at, of which the kernel keeps no owner.
   *
   * @param doubt why it may be on this host nevertheless: what the kernel could not be asked
   */
  record NotLocal(Optional<String> doubt) implements Attestation {}
}
