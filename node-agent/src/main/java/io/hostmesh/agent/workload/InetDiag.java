package io.hostmesh.agent.workload;

import io.hostmesh.runtime.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Cleaner;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One netlink socket to the kernel's inet_diag (linux/inet_diag.h, sock_diag(7)). Owned by one
 * thread. An answer is ready when the question has been sent: the kernel works it out within the
 * call.
 */
final class InetDiag {
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int AF_NETLINK = 16;
  private static final int SOCK_DGRAM_CLOEXEC = 2 | 0x8_0000;
  private static final int NETLINK_SOCK_DIAG = 4;
  private static final int MSG_DONTWAIT = 0x40;
  private static final int EINTR = 4;
  private static final int EAGAIN = 11;

  private static final short SOCK_DIAG_BY_FAMILY = 20;
  private static final short NLMSG_ERROR = 2;
  private static final short NLMSG_DONE = 3;
  private static final short NLM_F_REQUEST = 1;
  private static final short NLM_F_DUMP = 0x300;
  private static final int IPPROTO_TCP = 6;
  private static final short INET_DIAG_CGROUP_ID = 21;
  private static final int ALL_STATES = -1;

  private static final int REQUEST_BYTES = 72;
  private static final int ANSWER_BYTES = 64 * 1024;

  /** Offsets in a request and, from its own header on, in an answer. */
  private static final int HEADER = 16;

  private static final int ANSWER_FIXED = 72;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfShort NETWORK_SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final MethodHandle SEND = transfer("send");
  private static final MethodHandle RECV = transfer("recv");

  private static final Cleaner CLEANER = Cleaner.create();

  private final int fd;
  private final MemorySegment state;
  private final MemorySegment request;
  private final MemorySegment answer;
  private int sequence;

  private InetDiag(int fd, Arena arena) {
    this.fd = fd;
    this.state = Libc.callState(arena);
    this.request = arena.allocate(REQUEST_BYTES, 8);
    this.answer = arena.allocate(ANSWER_BYTES, 8);
  }

  private static MethodHandle transfer(String name) {
    return Libc.function(
        name,
        FunctionDescriptor.of(
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_INT,
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_INT));
  }

  /** A new netlink socket, closed when its owner is gone. */
  static InetDiag open() {
    try (Arena temporary = Arena.ofConfined()) {
      MemorySegment state = Libc.callState(temporary);
      int fd =
          (int) Libc.SOCKET.invokeExact(state, AF_NETLINK, SOCK_DGRAM_CLOEXEC, NETLINK_SOCK_DIAG);
      if (fd < 0) {
        throw failed("socket", Libc.errno(state));
      }
      InetDiag diag = new InetDiag(fd, Arena.ofAuto());
      CLEANER.register(diag, () -> close(fd));
      return diag;
    } catch (RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static void close(int fd) {
    try (Arena temporary = Arena.ofConfined()) {
      int _ = (int) Libc.CLOSE.invokeExact(Libc.callState(temporary), fd);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** The socket of this pair, or the listener that a first packet of this pair would reach. */
  @Nullable KernelSocket find(InetSocketAddress local, InetSocketAddress remote) {
    byte[] source = local.getAddress().getAddress();
    byte[] destination = remote.getAddress().getAddress();
    if (source.length != destination.length) {
      return null;
    }
    question(source.length == 4 ? AF_INET : AF_INET6, NLM_F_REQUEST, ALL_STATES);
    request.set(NETWORK_SHORT, HEADER + 8, (short) local.getPort());
    request.set(NETWORK_SHORT, HEADER + 10, (short) remote.getPort());
    MemorySegment.copy(source, 0, request, ValueLayout.JAVA_BYTE, HEADER + 12, source.length);
    MemorySegment.copy(
        destination, 0, request, ValueLayout.JAVA_BYTE, HEADER + 28, destination.length);
    send();
    List<KernelSocket> found = new ArrayList<>(1);
    receive(found);
    return found.isEmpty() ? null : found.getFirst();
  }

  /** All sockets that listen on the port. */
  List<KernelSocket> listeners(int port) {
    List<KernelSocket> found = new ArrayList<>();
    for (int family : new int[] {AF_INET, AF_INET6}) {
      question(family, (short) (NLM_F_REQUEST | NLM_F_DUMP), 1 << KernelSocket.LISTEN);
      request.set(NETWORK_SHORT, HEADER + 8, (short) port);
      send();
      while (!receive(found)) {
        // A dump comes in several parts.
      }
    }
    return found;
  }

  private void question(int family, short flags, int states) {
    request.fill((byte) 0);
    request.set(INT, 0, REQUEST_BYTES);
    request.set(SHORT, 4, SOCK_DIAG_BY_FAMILY);
    request.set(SHORT, 6, flags);
    request.set(INT, 8, ++sequence);
    request.set(ValueLayout.JAVA_BYTE, HEADER, (byte) family);
    request.set(ValueLayout.JAVA_BYTE, HEADER + 1, (byte) IPPROTO_TCP);
    request.set(INT, HEADER + 4, states);
    // INET_DIAG_NOCOOKIE
    request.set(LONG, HEADER + 48, -1L);
  }

  private void send() {
    try {
      long sent;
      do {
        sent = (long) SEND.invokeExact(state, fd, request, (long) REQUEST_BYTES, 0);
      } while (sent < 0 && Libc.errno(state) == EINTR);
      if (sent < 0) {
        throw failed("send", Libc.errno(state));
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Reads one datagram of answers; whether it was the last one. */
  private boolean receive(List<KernelSocket> found) {
    long length;
    try {
      do {
        length = (long) RECV.invokeExact(state, fd, answer, (long) ANSWER_BYTES, MSG_DONTWAIT);
      } while (length < 0 && Libc.errno(state) == EINTR);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
    if (length < 0) {
      int errno = Libc.errno(state);
      if (errno == EAGAIN) {
        return true;
      }
      throw failed("recv", errno);
    }
    return parse(length, found);
  }

  private boolean parse(long length, List<KernelSocket> found) {
    boolean dump = (request.get(SHORT, 6) & NLM_F_DUMP) != 0;
    for (long at = 0; at + HEADER <= length; ) {
      int size = answer.get(INT, at);
      if (size < HEADER || at + size > length) {
        throw new IllegalStateException("sock_diag: a message of " + size + " bytes");
      }
      short type = answer.get(SHORT, at + 4);
      // An answer to an older question, that an error had left unread, is passed over.
      boolean current = answer.get(INT, at + 8) == sequence;
      if (current && (type == NLMSG_DONE || type == NLMSG_ERROR)) {
        return true;
      }
      if (current && type == SOCK_DIAG_BY_FAMILY && size >= HEADER + ANSWER_FIXED) {
        found.add(socket(at + HEADER, at + size));
      }
      at += (size + 3) & ~3;
    }
    return !dump && !found.isEmpty();
  }

  private KernelSocket socket(long at, long end) {
    long cgroup = 0;
    for (long a = at + ANSWER_FIXED; a + 4 <= end; ) {
      int size = Short.toUnsignedInt(answer.get(SHORT, a));
      if (size < 4) {
        break;
      }
      if (answer.get(SHORT, a + 2) == INET_DIAG_CGROUP_ID && size >= 12) {
        cgroup = answer.get(LONG, a + 4);
      }
      a += (size + 3) & ~3;
    }
    return new KernelSocket(
        answer.get(ValueLayout.JAVA_BYTE, at + 1),
        answer.get(INT, at + 64),
        answer.get(INT, at + 68),
        cgroup,
        answer.get(LONG, at + 44));
  }

  private static IllegalStateException failed(String call, int errno) {
    return new IllegalStateException("sock_diag: " + call + ": " + Libc.message(errno));
  }
}
