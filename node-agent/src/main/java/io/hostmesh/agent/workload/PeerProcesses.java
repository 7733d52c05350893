package io.hostmesh.agent.workload;

import io.hostmesh.runtime.linux.Libc;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Says which process is at the other end of a unix socket, and where it stands now: the process
 * that connected, by the kernel's word, wherever the socket was passed on to since. A process that
 * has ended, or whose number may be another one's by now, is nobody. Needs no privilege and takes
 * some 100 µs; safe for any thread.
 *
 * <p>Where the kernel hands out the peer as a pidfd (Linux 6.5), that is what shows that the number
 * was the same process's before and after its control group was read. Elsewhere the process must
 * have begun before its connection was accepted, and be the same one before and after.
 */
public final class PeerProcesses {
  private static final int SOL_SOCKET = 1;
  private static final int SO_PEERPIDFD = 77;
  private static final int ENOPROTOOPT = 92;

  private static final MethodHandle GETSOCKOPT =
      Libc.function(
          "getsockopt",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.ADDRESS,
              ValueLayout.ADDRESS));

  private static final Path PROC = Path.of("/proc");

  /** The kernel counts a process's begin in this part of a second, on every architecture. */
  private static final int TICKS_PER_SECOND = 100;

  private final boolean pidfds;

  public PeerProcesses() {
    this(true);
  }

  /**
   * @param pidfds false as on a kernel that hands none out
   */
  PeerProcesses(boolean pidfds) {
    this.pidfds = pidfds;
  }

  /**
   * A process that was there while it was asked about.
   *
   * @param started in clock ticks since the host booted: with the pid it names the process
   */
  public record Peer(int pid, long started, SocketOwner owner) {}

  /** There is no such process any more, or it cannot be told from another; a sentence says why. */
  public static final class Gone extends Exception {
    private static final long serialVersionUID = 1L;

    Gone(String message) {
      super(message);
    }

    Gone(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * @param socket the accepted socket's descriptor, open during the call
   * @param uid as the kernel keeps it of the peer since it connected (SO_PEERCRED)
   * @param pid likewise
   * @param acceptedAt {@link #now} when the connection came
   * @throws Gone where nothing can be said for sure
   */
  public Peer find(int socket, int uid, int pid, long acceptedAt) throws Gone {
    if (pid <= 0) {
      throw new Gone("the caller is outside of this host's processes");
    }
    try {
      OptionalInt pidfd = pidfds ? pidfd(socket) : OptionalInt.empty();
      return pidfd.isPresent()
          ? byPidfd(pidfd.getAsInt(), uid, pid)
          : byStart(uid, pid, acceptedAt);
    } catch (IOException e) {
      throw new Gone("the calling process " + pid + " has ended", e);
    }
  }

  /** The time on the clock that processes' begins are counted on, in its unit. */
  public static long now() {
    try {
      String uptime = Files.readString(PROC.resolve("uptime"));
      double seconds = Double.parseDouble(uptime.substring(0, uptime.indexOf(' ')));
      return (long) (seconds * TICKS_PER_SECOND);
    } catch (IOException e) {
      throw new IllegalStateException("/proc/uptime cannot be read", e);
    }
  }

  private static Peer byPidfd(int pidfd, int uid, int pid) throws IOException, Gone {
    try {
      if (pidOf(pidfd) != pid) {
        throw new Gone("the calling process " + pid + " has ended");
      }
      Peer peer = look(uid, pid, start(pid));
      // Its number cannot have been another one's meanwhile, for it has it still.
      if (pidOf(pidfd) != pid) {
        throw new Gone("the calling process " + pid + " has ended");
      }
      return peer;
    } finally {
      close(pidfd);
    }
  }

  private static Peer byStart(int uid, int pid, long acceptedAt) throws IOException, Gone {
    long start = start(pid);
    if (start > acceptedAt + 1) {
      throw new Gone(
          "process " + pid + " began after the connection: its number was another one's");
    }
    Peer peer = look(uid, pid, start);
    if (start(pid) != start) {
      throw new Gone("the calling process " + pid + " has ended");
    }
    return peer;
  }

  private static Peer look(int uid, int pid, long started) throws IOException, Gone {
    Path process = PROC.resolve(Integer.toString(pid));
    int current = effectiveUid(Files.readAllLines(process.resolve("status")));
    if (current != uid) {
      throw new Gone(
          "the calling process "
              + pid
              + " has changed its user from uid "
              + Integer.toUnsignedString(uid)
              + " to "
              + Integer.toUnsignedString(current)
              + " since it connected; let it connect anew");
    }
    List<String> groups = Files.readAllLines(process.resolve("cgroup"));
    return new Peer(pid, started, new SocketOwner(uid, cgroup(groups)));
  }

  /** Reads cgroups(7): the line of the cgroup2 hierarchy; no group that lies out of our sight. */
  public static Optional<String> cgroup(List<String> lines) {
    return lines.stream()
        .filter(line -> line.startsWith("0::/"))
        .map(line -> line.substring("0::".length()))
        .filter(path -> !(path + "/").contains("/../"))
        .findFirst();
  }

  /** Reads proc_pid_status(5): real, effective, saved and file system's user. */
  private static int effectiveUid(List<String> status) throws IOException {
    for (String line : status) {
      if (line.startsWith("Uid:")) {
        return Integer.parseUnsignedInt(line.split("\\s+", -1)[2]);
      }
    }
    throw new IOException("no Uid in /proc/<pid>/status");
  }

  /** Reads proc_pid_stat(5): field 22; the name in parentheses may hold anything. */
  private static long start(int pid) throws IOException {
    byte[] bytes = Files.readAllBytes(PROC.resolve(pid + "/stat"));
    String stat = new String(bytes, StandardCharsets.ISO_8859_1);
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return Long.parseLong(fields[22 - 3]);
  }

  /** Reads fdinfo of a pidfd: -1 once its process has ended. */
  private static int pidOf(int pidfd) throws IOException {
    for (String line : Files.readAllLines(PROC.resolve("self/fdinfo/" + pidfd))) {
      if (line.startsWith("Pid:")) {
        return Integer.parseInt(line.substring("Pid:".length()).strip());
      }
    }
    throw new IOException("no Pid in fdinfo of a pidfd");
  }

  /** Empty where this kernel has none. */
  private static OptionalInt pidfd(int socket) throws Gone {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Libc.callState(arena);
      MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
      MemorySegment length = arena.allocate(ValueLayout.JAVA_INT);
      length.set(ValueLayout.JAVA_INT, 0, (int) ValueLayout.JAVA_INT.byteSize());
      int status =
          (int) GETSOCKOPT.invokeExact(state, socket, SOL_SOCKET, SO_PEERPIDFD, value, length);
      if (status == 0) {
        return OptionalInt.of(value.get(ValueLayout.JAVA_INT, 0));
      }
      int error = Libc.errno(state);
      if (error == ENOPROTOOPT) {
        return OptionalInt.empty();
      }
      throw new Gone("the calling process has ended (" + Libc.message(error) + ")");
    } catch (Gone e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("getsockopt", e);
    }
  }

  private static void close(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      int _ = (int) Libc.CLOSE.invokeExact(Libc.callState(arena), fd);
    } catch (Throwable e) {
      throw new IllegalStateException("close", e);
    }
  }
}
