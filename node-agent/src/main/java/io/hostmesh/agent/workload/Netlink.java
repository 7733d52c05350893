package io.hostmesh.agent.workload;

import io.hostmesh.runtime.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Cleaner;
import java.nio.ByteOrder;

/**
 * One netlink(7) socket to a subsystem of the kernel, for questions that it answers within the call
 * that sends them: nothing is ever waited for. Owned by one thread, in the network namespace that
 * the thread was in when it was opened.
 */
final class Netlink {
  static final int SOCK_DIAG = 4;
  static final int NETFILTER = 12;

  static final int AF_INET = 2;
  static final int AF_INET6 = 10;
  static final int IPPROTO_TCP = 6;

  static final short REQUEST = 1;
  static final short DUMP = 0x300;

  /** The bytes of the header, after which the message of the subsystem begins. */
  static final int HEADER = 16;

  static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
  static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  static final ValueLayout.OfShort NETWORK_SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  static final int ENOENT = 2;
  private static final int EINTR = 4;
  private static final int EAGAIN = 11;

  private static final int AF_NETLINK = 16;
  private static final int SOCK_DGRAM_CLOEXEC = 2 | 0x8_0000;
  private static final int MSG_DONTWAIT = 0x40;
  private static final short NLMSG_ERROR = 2;
  private static final short NLMSG_DONE = 3;
  private static final int ANSWER_BYTES = 64 * 1024;

  private static final MethodHandle SEND = transfer("send");
  private static final MethodHandle RECV = transfer("recv");

  private static final Cleaner CLEANER = Cleaner.create();

  /** Takes one message of an answer. */
  @FunctionalInterface
  interface Reader {
    /**
     * @param answer valid during the call
     * @param at where the subsystem's message begins
     * @param end where it ends
     */
    void read(short type, MemorySegment answer, long at, long end);
  }

  private final String subsystem;
  private final int fd;
  private final MemorySegment state;
  private final MemorySegment request;
  private final MemorySegment answer;
  private int sequence;

  private Netlink(String subsystem, int fd, int requestBytes, Arena arena) {
    this.subsystem = subsystem;
    this.fd = fd;
    this.state = Libc.callState(arena);
    this.request = arena.allocate(requestBytes, 8);
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

  /**
   * A new socket, closed when its owner is gone.
   *
   * @param subsystem for messages
   * @param protocol {@link #SOCK_DIAG} or {@link #NETFILTER}
   * @param requestBytes of the longest question, with its header
   * @throws IllegalStateException where the kernel has no such subsystem
   */
  static Netlink open(String subsystem, int protocol, int requestBytes) {
    try (Arena temporary = Arena.ofConfined()) {
      MemorySegment state = Libc.callState(temporary);
      int fd = (int) Libc.SOCKET.invokeExact(state, AF_NETLINK, SOCK_DGRAM_CLOEXEC, protocol);
      if (fd < 0) {
        throw failed(subsystem, "socket", Libc.errno(state));
      }
      Netlink netlink = new Netlink(subsystem, fd, requestBytes, Arena.ofAuto());
      CLEANER.register(netlink, () -> close(fd));
      return netlink;
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

  /**
   * A new question, all zero but for its header: the subsystem's message is to be written to it.
   *
   * @param length with the header
   */
  MemorySegment question(int length, short type, short flags) {
    request.fill((byte) 0);
    request.set(INT, 0, length);
    request.set(SHORT, 4, type);
    request.set(SHORT, 6, (short) (REQUEST | flags));
    request.set(INT, 8, ++sequence);
    return request;
  }

  /**
   * Asks what {@link #question} has made.
   *
   * @return 0, or the error number with which the kernel refuses the question
   * @throws IllegalStateException where it cannot be asked at all
   */
  int ask(Reader reader) {
    send();
    Answer all = new Answer(reader, (request.get(SHORT, 6) & DUMP) != 0);
    while (!all.ended) {
      receive(all);
    }
    return all.error;
  }

  /** How far the answer to a question has come. */
  private static final class Answer {
    private final Reader reader;
    private final boolean dump;
    private boolean ended;
    private int error;

    Answer(Reader reader, boolean dump) {
      this.reader = reader;
      this.dump = dump;
    }
  }

  private void send() {
    long length = request.get(INT, 0);
    try {
      long sent;
      do {
        sent = (long) SEND.invokeExact(state, fd, request, length, 0);
      } while (sent < 0 && Libc.errno(state) == EINTR);
      if (sent < 0) {
        throw failed(subsystem, "send", Libc.errno(state));
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Reads one datagram of messages. */
  private void receive(Answer all) {
    long length;
    try {
      do {
        length = (long) RECV.invokeExact(state, fd, answer, (long) ANSWER_BYTES, MSG_DONTWAIT);
      } while (length < 0 && Libc.errno(state) == EINTR);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
    if (length >= 0) {
      parse(length, all);
    } else if (Libc.errno(state) == EAGAIN) {
      all.ended = true;
    } else {
      throw failed(subsystem, "recv", Libc.errno(state));
    }
  }

  private void parse(long length, Answer all) {
    for (long at = 0; at + HEADER <= length; ) {
      int size = answer.get(INT, at);
      if (size < HEADER || at + size > length) {
        throw new IllegalStateException(subsystem + ": a message of " + size + " bytes");
      }
      // An answer to an older question, that an error had left unread, is passed over.
      if (answer.get(INT, at + 8) == sequence) {
        message(answer.get(SHORT, at + 4), at, size, all);
        if (all.ended) {
          return;
        }
      }
      at += (size + 3) & ~3;
    }
  }

  private void message(short type, long at, int size, Answer all) {
    switch (type) {
      case NLMSG_DONE -> all.ended = true;
      case NLMSG_ERROR -> {
        all.error = size >= HEADER + 4 ? -answer.get(INT, at + HEADER) : 0;
        all.ended = true;
      }
      default -> {
        all.reader.read(type, answer, at + HEADER, at + size);
        all.ended = !all.dump;
      }
    }
  }

  private static IllegalStateException failed(String subsystem, String call, int errno) {
    return new IllegalStateException(subsystem + ": " + call + ": " + Libc.message(errno));
  }
}
