package io.hostmesh.cli.lab;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * A bound socket that outlives the programs that serve it: the supervisor holds it and hands it to
 * each generation of an agent.
 *
 * @param name as systemd's FileDescriptorName
 * @param descriptor numbered 100 or higher, closed when another program is started without it
 */
record ListeningSocket(String name, int descriptor) implements AutoCloseable {
  private static final int STREAM = 1;
  private static final int DATAGRAM = 2;
  private static final int CLOEXEC_NONBLOCK = 0x8_0000 | 0x800;
  private static final int SOL_SOCKET = 1;
  private static final int SO_REUSEADDR = 2;
  private static final int IPPROTO_IPV6 = 41;
  private static final int IPV6_V6ONLY = 26;
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int LOWEST = 100;

  private static final MethodHandle SOCKET =
      Libc.function("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle SETSOCKOPT =
      Libc.function(
          "setsockopt",
          FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle BIND =
      Libc.function("bind", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle LISTEN =
      Libc.function("listen", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle FCNTL =
      Libc.function("fcntl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle CLOSE =
      Libc.function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

  /** A listening TCP socket in the calling thread's network namespace. */
  static ListeningSocket tcp(String name, InetSocketAddress address) {
    return open(name, address, STREAM);
  }

  /** A bound UDP socket in the calling thread's network namespace. */
  static ListeningSocket udp(String name, InetSocketAddress address) {
    return open(name, address, DATAGRAM);
  }

  private static ListeningSocket open(String name, InetSocketAddress address, int type) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Libc.callState(arena);
      boolean ipv4 = address.getAddress() instanceof Inet4Address;
      int fd = (int) SOCKET.invokeExact(state, ipv4 ? 2 : 10, type | CLOEXEC_NONBLOCK, 0);
      check(name, address, fd, state);
      MemorySegment on = arena.allocateFrom(JAVA_INT, 1);
      check(
          name,
          address,
          (int) SETSOCKOPT.invokeExact(state, fd, SOL_SOCKET, SO_REUSEADDR, on, 4),
          state);
      if (!ipv4) {
        check(
            name,
            address,
            (int) SETSOCKOPT.invokeExact(state, fd, IPPROTO_IPV6, IPV6_V6ONLY, on, 4),
            state);
      }
      MemorySegment where = socketAddress(arena, address);
      check(name, address, (int) BIND.invokeExact(state, fd, where, (int) where.byteSize()), state);
      if (type == STREAM) {
        check(name, address, (int) LISTEN.invokeExact(state, fd, 4096), state);
      }
      int high = (int) FCNTL.invokeExact(state, fd, F_DUPFD_CLOEXEC, LOWEST);
      check(name, address, high, state);
      int _ = (int) CLOSE.invokeExact(state, fd);
      return new ListeningSocket(name, high);
    } catch (UserError e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("socket", e);
    }
  }

  /** struct sockaddr_in, ip(7), or sockaddr_in6, ipv6(7). */
  private static MemorySegment socketAddress(Arena arena, InetSocketAddress address) {
    InetAddress ip = address.getAddress();
    boolean ipv4 = ip instanceof Inet4Address;
    MemorySegment bytes = arena.allocate(ipv4 ? 16 : 28, 4);
    bytes.set(java.lang.foreign.ValueLayout.JAVA_SHORT, 0, (short) (ipv4 ? 2 : 10));
    bytes.set(JAVA_BYTE, 2, (byte) (address.getPort() >> 8));
    bytes.set(JAVA_BYTE, 3, (byte) address.getPort());
    MemorySegment.copy(ip.getAddress(), 0, bytes, JAVA_BYTE, ipv4 ? 4 : 8, ip.getAddress().length);
    return bytes;
  }

  private static void check(
      String name, InetSocketAddress address, int result, MemorySegment state) {
    if (result < 0) {
      throw new UserError(
          "the agent's socket " + name + " at " + address + ": " + Libc.message(Libc.errno(state)));
    }
  }

  @Override
  public void close() {
    try (Arena arena = Arena.ofConfined()) {
      int _ = (int) CLOSE.invokeExact(Libc.callState(arena), descriptor);
    } catch (Throwable e) {
      throw new IllegalStateException("close", e);
    }
  }
}
