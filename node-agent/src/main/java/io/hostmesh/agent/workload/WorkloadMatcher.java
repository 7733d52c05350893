package io.hostmesh.agent.workload;

import java.util.ArrayList;
import java.util.List;

/** The declared services of this host. Immutable, pure. */
public final class WorkloadMatcher {
  private final List<Workload> workloads;

  public WorkloadMatcher(List<Workload> workloads) {
    this.workloads = List.copyOf(workloads);
  }

  /** Two services that both claim the same sockets. */
  public record Conflict(Workload first, Workload second) {
    @Override
    public String toString() {
      return "services "
          + first.service()
          + " and "
          + second.service()
          + " both claim the sockets of "
          + first.selector()
          + (first.selector().equals(second.selector()) ? "" : " / " + second.selector())
          + "; give each a workload of its own";
    }
  }

  /**
   * What must not be configured: an identity would be a matter of luck. Copies of one service may
   * share a workload.
   */
  public List<Conflict> conflicts() {
    List<Conflict> conflicts = new ArrayList<>();
    for (int i = 0; i < workloads.size(); i++) {
      for (int j = i + 1; j < workloads.size(); j++) {
        Workload first = workloads.get(i);
        Workload second = workloads.get(j);
        if (!first.service().equals(second.service())
            && first.selector().overlaps(second.selector())) {
          conflicts.add(new Conflict(first, second));
        }
      }
    }
    return List.copyOf(conflicts);
  }

  /** Whose socket this is: attested, unknown or ambiguous. */
  public Attestation match(SocketOwner owner) {
    Workload found = null;
    for (Workload workload : workloads) {
      if (workload.selector().matches(owner)) {
        if (found != null && !found.service().equals(workload.service())) {
          return new Attestation.Ambiguous(owner, claimants(owner));
        }
        found = found == null ? workload : found;
      }
    }
    return found == null ? new Attestation.Unknown(owner) : new Attestation.Attested(found, owner);
  }

  private List<Workload> claimants(SocketOwner owner) {
    return workloads.stream().filter(workload -> workload.selector().matches(owner)).toList();
  }
}
