package io.hostmesh.runtime.systemd;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Sockets that whoever started this process has opened for it (sd_listen_fds(3)): {@code
 * LISTEN_FDS} says how many, beginning with descriptor 3, {@code LISTEN_FDNAMES} what they are
 * called ({@code FileDescriptorName=} in a socket unit), {@code LISTEN_PID} for which process they
 * are meant.
 */
public final class ListenFds {
  private static final int FIRST = 3;
  private static final int F_GETFD = 1;
  private static final int F_SETFD = 2;
  private static final int FD_CLOEXEC = 1;
  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int O_NONBLOCK = 0x800;
  private static final int SOL_SOCKET = 1;
  private static final int SO_TYPE = 3;
  private static final int SO_ACCEPTCONN = 30;
  private static final int SO_DOMAIN = 39;

  private static final MethodHandle FCNTL =
      Libc.variadic(
          "fcntl",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT),
          2);
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

  private ListenFds() {}

  /** What a passed socket is. */
  public enum Kind {
    /** Accepts connections. */
    STREAM_LISTENER,
    DATAGRAM
  }

  /**
   * A socket that was passed.
   *
   * @param ipv6 whether it is of the IPv6 family, which may speak IPv4 too
   */
  public record Passed(String name, int fd, Kind kind, boolean ipv6) {}

  /**
   * Takes the sockets that are meant for this process, closes them to its children and makes them
   * non-blocking. To be called once.
   *
   * @param environment the process's own
   * @param pid this process's
   * @return by their names; empty where none were passed, or for another process
   * @throws UserError where what was passed is not what it says
   */
  public static Map<String, List<Passed>> take(Map<String, String> environment, long pid) {
    return take(environment, pid, FIRST);
  }

  static Map<String, List<Passed>> take(Map<String, String> environment, long pid, int first) {
    String count = environment.get("LISTEN_FDS");
    if (count == null || !String.valueOf(pid).equals(environment.get("LISTEN_PID"))) {
      return Map.of();
    }
    int fds = number(count);
    String[] names = environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1);
    if (fds > 0 && names.length != fds) {
      throw new UserError(
          "LISTEN_FDS = "
              + count
              + ", but LISTEN_FDNAMES = "
              + environment.getOrDefault("LISTEN_FDNAMES", "(not set)")
              + " names "
              + names.length
              + ": give each socket its FileDescriptorName");
    }
    Map<String, List<Passed>> passed = new LinkedHashMap<>();
    for (int i = 0; i < fds; i++) {
      passed.computeIfAbsent(names[i], _ -> new ArrayList<>()).add(passed(names[i], first + i));
    }
    return passed;
  }

  private static int number(String count) {
    try {
      int number = Integer.parseInt(count);
      if (number >= 0 && number <= 1024) {
        return number;
      }
      throw new UserError("LISTEN_FDS = " + count + " is not within 0 to 1024");
    } catch (NumberFormatException e) {
      throw new UserError("LISTEN_FDS = " + count + " is not a number", e);
    }
  }

  private static Passed passed(String name, int fd) {
    flag(name, fd, F_GETFD, F_SETFD, FD_CLOEXEC);
    // systemd passes blocking sockets: an event loop that accepts until nothing is left would wait.
    flag(name, fd, F_GETFL, F_SETFL, O_NONBLOCK);
    int domain = option(name, fd, SO_DOMAIN);
    if (domain != 2 && domain != 10) {
      throw refused(name, fd, "is not an IP socket");
    }
    return new Passed(name, fd, kind(name, fd), domain == 10);
  }

  private static Kind kind(String name, int fd) {
    return switch (option(name, fd, SO_TYPE)) {
      case 1 -> {
        if (option(name, fd, SO_ACCEPTCONN) == 0) {
          throw refused(name, fd, "is a stream socket that does not listen");
        }
        yield Kind.STREAM_LISTENER;
      }
      case 2 -> Kind.DATAGRAM;
      default -> throw refused(name, fd, "is neither a stream nor a datagram socket");
    };
  }

  /** Adds a flag to those that a pair of fcntl(2) commands reads and writes. */
  private static void flag(String name, int fd, int read, int write, int flag) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Libc.callState(arena);
      int flags = (int) FCNTL.invokeExact(state, fd, read, 0);
      int set = flags < 0 ? flags : (int) FCNTL.invokeExact(state, fd, write, flags | flag);
      if (set < 0) {
        throw refused(name, fd, "cannot be used: " + Libc.message(Libc.errno(state)));
      }
    } catch (UserError e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("fcntl", e);
    }
  }

  private static int option(String name, int fd, int option) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Libc.callState(arena);
      MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
      MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, Integer.BYTES);
      int status = (int) GETSOCKOPT.invokeExact(state, fd, SOL_SOCKET, option, value, length);
      if (status < 0) {
        throw refused(name, fd, "is not a socket: " + Libc.message(Libc.errno(state)));
      }
      return value.get(ValueLayout.JAVA_INT, 0);
    } catch (UserError e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("getsockopt", e);
    }
  }

  private static UserError refused(String name, int fd, String why) {
    return new UserError(
        "the passed descriptor "
            + fd
            + " (\""
            + name
            + "\") "
            + why
            + "; look at the socket unit or whoever set LISTEN_FDS");
  }
}
