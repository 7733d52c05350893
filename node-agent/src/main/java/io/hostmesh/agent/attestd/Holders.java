package io.hostmesh.agent.attestd;

import io.hostmesh.agent.workload.CgroupTree;
import io.hostmesh.agent.workload.KernelSocket;
import io.hostmesh.agent.workload.ProcessQuestion;
import io.hostmesh.agent.workload.Question;
import io.hostmesh.agent.workload.SocketHolders;
import io.hostmesh.agent.workload.SocketHolders.Holder;
import io.hostmesh.agent.workload.SocketQuestion;
import io.hostmesh.agent.workload.SocketTable;
import io.hostmesh.runtime.linux.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * Finds the processes that hold a socket: those of the control group that made it, since whoever
 * else has it was given it. Everything is looked at twice: the process must have the same start
 * time and program, and the kernel the same socket, after its facts were read as before. Safe for
 * any thread; blocks.
 */
final class Holders {
  private final SocketTable sockets = new SocketTable();
  private final CgroupTree cgroups;
  private final ProcFs proc;
  private final ExecutableHashes hashes;
  private final int mount;

  Holders(CgroupTree cgroups, ProcFs proc, ExecutableHashes hashes) {
    this.cgroups = cgroups;
    this.proc = proc;
    this.hashes = hashes;
    this.mount = SocketMount.number();
  }

  /** Answers a question. */
  SocketHolders of(Question question) {
    return switch (question) {
      case SocketQuestion socket ->
          switch (socket.about()) {
            case CONNECTION -> connection(sockets, socket);
            case CONTAINED -> contained(socket);
            case LISTENERS -> listeners(socket);
          };
      case ProcessQuestion process -> process(process);
    };
  }

  /** Asks the networks of all containers for the connection, each from inside. */
  private SocketHolders contained(SocketQuestion question) {
    SocketHolders last = new SocketHolders.Unknown("none of them has such a connection");
    for (Path network : new ContainerNetworks(cgroups, proc).all()) {
      try {
        SocketHolders found =
            new NetworkNamespace(network).call(() -> connection(new SocketTable(), question));
        if (found instanceof SocketHolders.Known) {
          return found;
        }
      } catch (Exception e) {
        // It ended meanwhile, or may not be looked into.
        last = new SocketHolders.Unknown("one cannot be looked into: " + e.getMessage());
      }
    }
    return last;
  }

  private SocketHolders connection(SocketTable sockets, SocketQuestion question) {
    KernelSocket socket = sockets.find(question.local(), question.remote());
    if (socket == null || socket.isListening()) {
      return new SocketHolders.Unknown("there is no such connection any more");
    }
    SocketHolders found = holders(socket, question.hash());
    KernelSocket again = sockets.find(question.local(), question.remote());
    return again != null && again.cookie() == socket.cookie() && again.inode() == socket.inode()
        ? found
        : new SocketHolders.Unknown("the connection ended while it was looked at");
  }

  /** All who could get the connection, as one: each must hold what the service demands. */
  private SocketHolders listeners(SocketQuestion question) {
    List<KernelSocket> before = sockets.listeners(question.local());
    List<Holder> all = new ArrayList<>();
    for (KernelSocket socket : before) {
      switch (holders(socket, question.hash())) {
        case SocketHolders.Known known -> all.addAll(known.processes());
        case SocketHolders.Unknown unknown -> {
          return unknown;
        }
      }
    }
    if (before.isEmpty()) {
      return new SocketHolders.Unknown("nobody listens there");
    }
    if (!cookies(sockets.listeners(question.local())).equals(cookies(before))) {
      return new SocketHolders.Unknown("the listeners changed while they were looked at");
    }
    List<Holder> distinct = distinct(all);
    return distinct.size() > SocketHolders.MOST_PROCESSES
        ? tooMany()
        : new SocketHolders.Known(0, before.getFirst().uid(), before.getFirst().cgroup(), distinct);
  }

  private static List<Long> cookies(List<KernelSocket> listeners) {
    return listeners.stream().map(KernelSocket::cookie).sorted().toList();
  }

  private static List<Holder> distinct(List<Holder> holders) {
    Map<Integer, Holder> byPid = new LinkedHashMap<>();
    holders.forEach(holder -> byPid.putIfAbsent(holder.pid(), holder));
    return List.copyOf(byPid.values());
  }

  private static SocketHolders.Unknown tooMany() {
    return new SocketHolders.Unknown(
        "more than " + SocketHolders.MOST_PROCESSES + " processes hold the socket");
  }

  private SocketHolders holders(KernelSocket socket, boolean hash) {
    Optional<String> cgroup = cgroups.path(socket.cgroup());
    if (cgroup.isEmpty() || socket.inode() == 0) {
      return new SocketHolders.Unknown(
          cgroup.isEmpty() ? "its control group is gone" : "no process holds it");
    }
    List<Holder> holders = new ArrayList<>();
    for (int pid : ProcFs.members(folder(cgroup.get()))) {
      OptionalLong started = proc.started(pid);
      BooleanSupplier holds = () -> proc.holds(pid, inode(socket), mount);
      if (started.isEmpty() || !holds.getAsBoolean()) {
        continue;
      }
      switch (holder(pid, started.getAsLong(), holds, hash)) {
        case Looked.Fine(Holder holder) -> holders.add(holder);
        case Looked.Gone _ -> {}
        case Looked.Hidden(String why) -> {
          return new SocketHolders.Unknown(why);
        }
      }
      if (holders.size() > SocketHolders.MOST_PROCESSES) {
        return tooMany();
      }
    }
    if (holders.isEmpty()) {
      return new SocketHolders.Unknown(
          "no process of " + cgroup.get() + " holds it any more, or hostmesh-attestd may not look");
    }
    holders.sort(Comparator.comparingLong(Holder::started).thenComparingInt(Holder::pid));
    return new SocketHolders.Known(socket.cookie(), socket.uid(), socket.cgroup(), holders);
  }

  private static long inode(KernelSocket socket) {
    return Integer.toUnsignedLong(socket.inode());
  }

  private Path folder(String cgroup) {
    return cgroups.root().resolve(cgroup.substring(1));
  }

  /** What came of looking at one process. */
  private sealed interface Looked {
    record Fine(Holder holder) implements Looked {}

    /** It ended, or is another one by now. */
    record Gone() implements Looked {}

    record Hidden(String why) implements Looked {}
  }

  /**
   * The peer of a unix socket, which the agent knows by its number and start time, and all others
   * of its control group: each could have its connection by a fork, and the peer itself may have
   * begun to run another program since.
   */
  private SocketHolders process(ProcessQuestion question) {
    Optional<String> cgroup = proc.cgroup(question.pid());
    if (cgroup.isEmpty()) {
      return new SocketHolders.Unknown("the process has ended");
    }
    List<Integer> members = ProcFs.members(folder(cgroup.get()));
    List<Holder> holders = new ArrayList<>();
    for (int pid : members) {
      OptionalLong started = proc.started(pid);
      if (started.isEmpty()) {
        continue;
      }
      switch (holder(pid, started.getAsLong(), () -> true, question.hash())) {
        case Looked.Fine(Holder holder) -> holders.add(holder);
        case Looked.Gone _ -> {}
        case Looked.Hidden(String why) -> {
          return new SocketHolders.Unknown(why);
        }
      }
      if (holders.size() > SocketHolders.MOST_PROCESSES) {
        return new SocketHolders.Unknown(
            "more than " + SocketHolders.MOST_PROCESSES + " processes are in " + cgroup.get());
      }
    }
    Optional<Holder> peer = holders.stream().filter(question::isAbout).findFirst();
    if (peer.isEmpty()) {
      return new SocketHolders.Unknown(
          "the process has ended or runs another program, or hostmesh-attestd may not look");
    }
    // Who forks while it is looked at could hide behind its child.
    return Set.copyOf(ProcFs.members(folder(cgroup.get()))).equals(Set.copyOf(members))
        ? new SocketHolders.Known(0, peer.get().uid(), 0, holders)
        : new SocketHolders.Unknown("the processes changed while they were looked at");
  }

  /**
   * @param holds whether it is still the process that is meant, beside its start time and program
   */
  private Looked holder(int pid, long started, BooleanSupplier holds, boolean hash) {
    Optional<ProcFs.Credentials> credentials = proc.credentials(pid);
    Optional<String> path = proc.executablePath(pid);
    if (credentials.isEmpty() || path.isEmpty()) {
      return new Looked.Gone();
    }
    Optional<String> sha256 = Optional.empty();
    if (hash) {
      try {
        sha256 = Optional.of(hashes.of(proc.executable(pid)));
      } catch (IOException e) {
        return new Looked.Hidden(
            "the program of pid " + pid + " cannot be read: " + e.getMessage());
      }
    }
    boolean isTheSame =
        proc.started(pid).equals(OptionalLong.of(started))
            && proc.executablePath(pid).equals(path)
            && holds.getAsBoolean();
    return isTheSame
        ? new Looked.Fine(
            new Holder(
                pid, started, credentials.get().uid(), credentials.get().gid(), path.get(), sha256))
        : new Looked.Gone();
  }
}
