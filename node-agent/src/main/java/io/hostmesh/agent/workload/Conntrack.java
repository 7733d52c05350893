package io.hostmesh.agent.workload;

import static io.hostmesh.agent.workload.Netlink.BYTE;
import static io.hostmesh.agent.workload.Netlink.HEADER;
import static io.hostmesh.agent.workload.Netlink.NETWORK_SHORT;
import static io.hostmesh.agent.workload.Netlink.SHORT;

import io.hostmesh.runtime.linux.Libc;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The kernel's connection tracking (ctnetlink, linux/netfilter/nfnetlink_conntrack.h), asked by one
 * thread that has {@code CAP_NET_ADMIN}.
 */
final class Conntrack {
  /** {@code NFNL_SUBSYS_CTNETLINK} and, in it, {@code IPCTNL_MSG_CT_GET} and {@code _NEW}. */
  private static final short GET = 1 << 8 | 1;

  private static final short NEW = 1 << 8;

  private static final short NO_FLAGS = 0;

  private static final int NESTED = 0x8000;
  private static final int TYPE = 0x3fff;

  private static final int TUPLE_ORIG = 1;
  private static final int TUPLE_REPLY = 2;
  private static final int TUPLE_IP = 1;
  private static final int TUPLE_PROTO = 2;
  private static final int IP_V4_SRC = 1;
  private static final int IP_V4_DST = 2;
  private static final int IP_V6_SRC = 3;
  private static final int IP_V6_DST = 4;
  private static final int PROTO_NUM = 1;
  private static final int PROTO_SRC_PORT = 2;
  private static final int PROTO_DST_PORT = 3;

  /** The header of an attribute: its length, which includes this, and its type. */
  private static final int ATTRIBUTE = 4;

  /** nfgenmsg: the family, a version and a number that is not used here. */
  private static final int GENERIC = 4;

  /** The attribute of the protocol and both ports. */
  private static final int PORTS = ATTRIBUTE + 3 * (ATTRIBUTE + 4);

  private final Netlink kernel = Netlink.open("ctnetlink", Netlink.NETFILTER, length(16));

  /** Of a question for such addresses. */
  private static int length(int addressBytes) {
    return HEADER + GENERIC + tuple(addressBytes);
  }

  private static int tuple(int addressBytes) {
    return ATTRIBUTE + addresses(addressBytes) + PORTS;
  }

  private static int addresses(int addressBytes) {
    return ATTRIBUTE + 2 * (ATTRIBUTE + addressBytes);
  }

  /**
   * Where a TCP connection comes from, before anything was changed of it: asked by how its answers
   * go.
   *
   * @param local the accepted end's address
   * @param remote where it seems to come from
   * @return null where it is not tracked
   * @throws IllegalStateException where the kernel does not say
   */
  @Nullable InetSocketAddress source(InetSocketAddress local, InetSocketAddress remote) {
    byte[] from = local.getAddress().getAddress();
    byte[] to = remote.getAddress().getAddress();
    if (from.length != to.length) {
      return null;
    }
    MemorySegment question = kernel.question(length(from.length), GET, NO_FLAGS);
    question.set(BYTE, HEADER, (byte) (from.length == 4 ? Netlink.AF_INET : Netlink.AF_INET6));
    write(question, from, local.getPort(), to, remote.getPort());
    List<InetSocketAddress> found = new ArrayList<>(1);
    int error =
        kernel.ask(
            (type, answer, at, end) -> {
              if (type == NEW) {
                origin(answer, at + GENERIC, end).ifPresent(found::add);
              }
            });
    if (error != 0 && error != Netlink.ENOENT) {
      throw new IllegalStateException("ctnetlink: " + Libc.message(error));
    }
    return found.isEmpty() ? null : found.getFirst();
  }

  private static void write(
      MemorySegment question, byte[] from, int fromPort, byte[] to, int toPort) {
    boolean v4 = from.length == 4;
    long at = HEADER + GENERIC;
    header(question, at, tuple(from.length), NESTED | TUPLE_REPLY);
    at += ATTRIBUTE;
    header(question, at, addresses(from.length), NESTED | TUPLE_IP);
    at += ATTRIBUTE;
    at = address(question, at, v4 ? IP_V4_SRC : IP_V6_SRC, from);
    at = address(question, at, v4 ? IP_V4_DST : IP_V6_DST, to);
    header(question, at, PORTS, NESTED | TUPLE_PROTO);
    at += ATTRIBUTE;
    header(question, at, ATTRIBUTE + 1, PROTO_NUM);
    question.set(BYTE, at + ATTRIBUTE, (byte) Netlink.IPPROTO_TCP);
    at = port(question, at + ATTRIBUTE + 4, PROTO_SRC_PORT, fromPort);
    port(question, at, PROTO_DST_PORT, toPort);
  }

  private static void header(MemorySegment question, long at, int length, int type) {
    question.set(SHORT, at, (short) length);
    question.set(SHORT, at + 2, (short) type);
  }

  private static long address(MemorySegment question, long at, int type, byte[] address) {
    header(question, at, ATTRIBUTE + address.length, type);
    MemorySegment.copy(address, 0, question, BYTE, at + ATTRIBUTE, address.length);
    return at + ATTRIBUTE + address.length;
  }

  private static long port(MemorySegment question, long at, int type, int port) {
    header(question, at, ATTRIBUTE + 2, type);
    question.set(NETWORK_SHORT, at + ATTRIBUTE, (short) port);
    return at + ATTRIBUTE + 4;
  }

  /** The source of the tuple in which the connection was made, of an answer's attributes. */
  private static Optional<InetSocketAddress> origin(MemorySegment answer, long at, long end) {
    Optional<MemorySegment> tuple = find(answer.asSlice(at, end - at), TUPLE_ORIG);
    Optional<InetAddress> address =
        tuple
            .flatMap(t -> find(t, TUPLE_IP))
            .flatMap(ip -> find(ip, IP_V4_SRC).or(() -> find(ip, IP_V6_SRC)))
            .map(Conntrack::address);
    return tuple
        .flatMap(t -> find(t, TUPLE_PROTO))
        .flatMap(proto -> find(proto, PROTO_SRC_PORT))
        .map(port -> Short.toUnsignedInt(port.get(NETWORK_SHORT, 0)))
        .flatMap(port -> address.map(source -> new InetSocketAddress(source, port)));
  }

  private static InetAddress address(MemorySegment bytes) {
    try {
      return InetAddress.getByAddress(bytes.toArray(BYTE));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("ctnetlink: " + e.getMessage(), e);
    }
  }

  /** The content of the first attribute of this type. */
  private static Optional<MemorySegment> find(MemorySegment attributes, int type) {
    for (long at = 0; at + ATTRIBUTE <= attributes.byteSize(); ) {
      int size = Short.toUnsignedInt(attributes.get(SHORT, at));
      if (size < ATTRIBUTE || at + size > attributes.byteSize()) {
        return Optional.empty();
      }
      if ((attributes.get(SHORT, at + 2) & TYPE) == type) {
        return Optional.of(attributes.asSlice(at + ATTRIBUTE, size - ATTRIBUTE));
      }
      at += (size + 3) & ~3;
    }
    return Optional.empty();
  }
}
