package io.hostmesh.agent.workload;

import static io.hostmesh.agent.workload.Netlink.AF_INET;
import static io.hostmesh.agent.workload.Netlink.AF_INET6;
import static io.hostmesh.agent.workload.Netlink.BYTE;
import static io.hostmesh.agent.workload.Netlink.HEADER;
import static io.hostmesh.agent.workload.Netlink.INT;
import static io.hostmesh.agent.workload.Netlink.LONG;
import static io.hostmesh.agent.workload.Netlink.NETWORK_SHORT;
import static io.hostmesh.agent.workload.Netlink.SHORT;

import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The kernel's inet_diag (linux/inet_diag.h, sock_diag(7)), asked by one thread. */
final class InetDiag {
  private static final short SOCK_DIAG_BY_FAMILY = 20;
  private static final short INET_DIAG_CGROUP_ID = 21;
  private static final short NO_FLAGS = 0;
  private static final int ALL_STATES = -1;
  private static final int REQUEST_BYTES = 72;

  /** What comes before the attributes of an answer. */
  private static final int ANSWER_FIXED = 72;

  private final Netlink kernel = Netlink.open("sock_diag", Netlink.SOCK_DIAG, REQUEST_BYTES);

  /** The socket of this pair, or the listener that a first packet of this pair would reach. */
  @Nullable KernelSocket find(InetSocketAddress local, InetSocketAddress remote) {
    byte[] source = local.getAddress().getAddress();
    byte[] destination = remote.getAddress().getAddress();
    if (source.length != destination.length) {
      return null;
    }
    MemorySegment question =
        question(source.length == 4 ? AF_INET : AF_INET6, NO_FLAGS, ALL_STATES);
    question.set(NETWORK_SHORT, HEADER + 8, (short) local.getPort());
    question.set(NETWORK_SHORT, HEADER + 10, (short) remote.getPort());
    MemorySegment.copy(source, 0, question, BYTE, HEADER + 12, source.length);
    MemorySegment.copy(destination, 0, question, BYTE, HEADER + 28, destination.length);
    List<KernelSocket> found = new ArrayList<>(1);
    ask(found, (_, _) -> true);
    return found.isEmpty() ? null : found.getFirst();
  }

  /** All sockets that listen on the port. */
  List<KernelSocket> listeners(int port) {
    return listeners(port, (_, _) -> true);
  }

  /** All sockets that listen on the port, at this address or at any. */
  List<KernelSocket> listeners(InetSocketAddress local) {
    byte[] wanted = local.getAddress().getAddress();
    return listeners(local.getPort(), (answer, at) -> isAt(answer, at, wanted));
  }

  private static boolean isAt(MemorySegment answer, long at, byte[] wanted) {
    byte[] bound = answer.asSlice(at + 8, 16).toArray(BYTE);
    if (Arrays.equals(bound, new byte[16])) {
      return true;
    }
    boolean isV4 = answer.get(BYTE, at) == AF_INET;
    byte[] own =
        isV4
            ? Arrays.copyOf(bound, 4)
            // An address of IPv4 in IPv6's form (RFC 4291 section 2.5.5.2).
            : wanted.length == 4 && bound[10] == -1 && bound[11] == -1
                ? Arrays.copyOfRange(bound, 12, 16)
                : bound;
    return Arrays.equals(own, wanted);
  }

  private List<KernelSocket> listeners(int port, Wanted wanted) {
    List<KernelSocket> found = new ArrayList<>();
    for (int family : new int[] {AF_INET, AF_INET6}) {
      MemorySegment question = question(family, Netlink.DUMP, 1 << KernelSocket.LISTEN);
      question.set(NETWORK_SHORT, HEADER + 8, (short) port);
      ask(found, wanted);
    }
    return found;
  }

  /** Judges a socket of an answer, whose message begins there. */
  private interface Wanted {
    boolean test(MemorySegment answer, long at);
  }

  private MemorySegment question(int family, short flags, int states) {
    MemorySegment question = kernel.question(REQUEST_BYTES, SOCK_DIAG_BY_FAMILY, flags);
    question.set(BYTE, HEADER, (byte) family);
    question.set(BYTE, HEADER + 1, (byte) Netlink.IPPROTO_TCP);
    question.set(INT, HEADER + 4, states);
    // INET_DIAG_NOCOOKIE
    question.set(LONG, HEADER + 48, -1L);
    return question;
  }

  private void ask(List<KernelSocket> found, Wanted wanted) {
    // An error means that there is none.
    int _ =
        kernel.ask(
            (type, answer, at, end) -> {
              if (type == SOCK_DIAG_BY_FAMILY
                  && end - at >= ANSWER_FIXED
                  && wanted.test(answer, at)) {
                found.add(socket(answer, at, end));
              }
            });
  }

  private static KernelSocket socket(MemorySegment answer, long at, long end) {
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
        answer.get(BYTE, at + 1),
        answer.get(INT, at + 64),
        answer.get(INT, at + 68),
        cgroup,
        answer.get(LONG, at + 44));
  }
}
