package io.hostmesh.agent.workload;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

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

  /** Whether the kernel's word is not enough to tell whose socket this is. */
  public boolean needsProcesses(SocketOwner owner) {
    return candidates(owner).anyMatch(workload -> workload.selector().needsProcesses());
  }

  /** Whether the executables' hashes are needed too. */
  public boolean needsHash(SocketOwner owner) {
    return candidates(owner).anyMatch(workload -> workload.selector().needsHash());
  }

  /**
   * Whose socket or process this is by the kernel's word alone: attested, unknown or ambiguous;
   * also unknown where that word is not enough.
   */
  public Attestation match(SocketOwner owner) {
    return needsProcesses(owner)
        ? new Attestation.Unknown(
            owner, Optional.of("a service asks for an executable or a group of such a process"))
        : decide(owner, candidates(owner).toList());
  }

  /**
   * Whose socket this is, by those who hold it. Where they are not known nobody is attested: it
   * could be another service's than the one that the kernel's word alone would name.
   */
  public Attestation match(SocketOwner owner, SocketHolders holders) {
    return switch (holders) {
      case SocketHolders.Known known ->
          decide(owner, candidates(owner).filter(each -> isOf(each, owner, known)).toList());
      case SocketHolders.Unknown(String why) -> new Attestation.Unknown(owner, Optional.of(why));
    };
  }

  private static boolean isOf(Workload workload, SocketOwner owner, SocketHolders.Known holders) {
    return workload.selector().matches(owner, holders);
  }

  private Stream<Workload> candidates(SocketOwner owner) {
    return workloads.stream().filter(workload -> workload.selector().matches(owner));
  }

  private static Attestation decide(SocketOwner owner, List<Workload> found) {
    if (found.isEmpty()) {
      return new Attestation.Unknown(owner);
    }
    return found.stream().map(Workload::service).distinct().count() > 1
        ? new Attestation.Ambiguous(owner, found)
        : new Attestation.Attested(found.getFirst(), owner);
  }
}
