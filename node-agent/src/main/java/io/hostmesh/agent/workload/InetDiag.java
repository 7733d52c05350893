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
    ask(found);
    return found.isEmpty() ? null : found.getFirst();
  }

  /** All sockets that listen on the port. */
  List<KernelSocket> listeners(int port) {
    List<KernelSocket> found = new ArrayList<>();
    for (int family : new int[] {AF_INET, AF_INET6}) {
      MemorySegment question = question(family, Netlink.DUMP, 1 << KernelSocket.LISTEN);
      question.set(NETWORK_SHORT, HEADER + 8, (short) port);
      ask(found);
    }
    return found;
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

  private void ask(List<KernelSocket> found) {
    // An error means that there is none.
    int _ =
        kernel.ask(
            (type, answer, at, end) -> {
              if (type == SOCK_DIAG_BY_FAMILY && end - at >= ANSWER_FIXED) {
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
