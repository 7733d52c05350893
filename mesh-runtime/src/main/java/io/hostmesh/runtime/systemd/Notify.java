package io.hostmesh.runtime.systemd;

import io.hostmesh.runtime.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tells the service manager how this service is (sd_notify(3)): a datagram to the unix socket that
 * {@code NOTIFY_SOCKET} names. Does nothing where no manager listens. Safe for any thread.
 */
public final class Notify {
  private static final System.Logger LOG = System.getLogger(Notify.class.getName());

  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM_CLOEXEC = 2 | 0x8_0000;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int LONGEST_PATH = 107;
  private static final int CLOCK_MONOTONIC = 1;

  private static final MethodHandle SENDTO =
      Libc.function(
          "sendto",
          FunctionDescriptor.of(
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT,
              ValueLayout.ADDRESS,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT,
              ValueLayout.ADDRESS,
              ValueLayout.JAVA_INT));
  private static final MethodHandle CLOCK_GETTIME =
      Libc.function(
          "clock_gettime",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS));

  private final @Nullable String address;

  private Notify(@Nullable String address) {
    this.address = address;
  }

  /** The manager that this environment names, if any. */
  public static Notify from(Map<String, String> environment) {
    String address = environment.get("NOTIFY_SOCKET");
    if (address == null || !(address.startsWith("/") || address.startsWith("@"))) {
      return new Notify(null);
    }
    if (address.getBytes(StandardCharsets.UTF_8).length > LONGEST_PATH) {
      LOG.log(System.Logger.Level.WARNING, "NOTIFY_SOCKET is longer than a socket's name may be");
      return new Notify(null);
    }
    return new Notify(address);
  }

  /** Whether anyone listens. */
  public boolean isHeard() {
    return address != null;
  }

  /** The service takes calls now. */
  public void ready() {
    send("READY=1");
  }

  /** It ends. */
  public void stopping() {
    send("STOPPING=1");
  }

  /** It reads its configuration again; {@link #ready} ends that. */
  public void reloading() {
    send("RELOADING=1\nMONOTONIC_USEC=" + monotonicMicroseconds());
  }

  /** One line for {@code systemctl status}. */
  public void status(String line) {
    send("STATUS=" + line.replace('\n', ' '));
  }

  private void send(String message) {
    if (address == null) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Libc.callState(arena);
      int fd = (int) Libc.SOCKET.invokeExact(state, AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
      if (fd < 0) {
        complain("socket", Libc.errno(state));
        return;
      }
      byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
      MemorySegment text = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      MemorySegment to = sockaddr(arena, address);
      long sent =
          (long)
              SENDTO.invokeExact(
                  state, fd, text, (long) bytes.length, MSG_NOSIGNAL, to, (int) to.byteSize());
      if (sent < 0) {
        complain(address, Libc.errno(state));
      }
      int _ = (int) Libc.CLOSE.invokeExact(state, fd);
    } catch (Throwable e) {
      throw new IllegalStateException("sd_notify", e);
    }
  }

  /** A sockaddr_un; {@code @} stands for the zero byte that begins an abstract name (unix(7)). */
  private static MemorySegment sockaddr(Arena arena, String address) {
    byte[] name = address.getBytes(StandardCharsets.UTF_8);
    boolean isAbstract = name[0] == '@';
    MemorySegment to = arena.allocate(2L + name.length + (isAbstract ? 0 : 1), 2);
    to.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
    MemorySegment.copy(name, 0, to, ValueLayout.JAVA_BYTE, 2, name.length);
    if (isAbstract) {
      to.set(ValueLayout.JAVA_BYTE, 2, (byte) 0);
    }
    return to;
  }

  private static long monotonicMicroseconds() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment time = arena.allocate(16, 8);
      int _ = (int) CLOCK_GETTIME.invokeExact(Libc.callState(arena), CLOCK_MONOTONIC, time);
      return time.get(ValueLayout.JAVA_LONG, 0) * 1_000_000
          + time.get(ValueLayout.JAVA_LONG, 8) / 1_000;
    } catch (Throwable e) {
      throw new IllegalStateException("clock_gettime", e);
    }
  }

  private static void complain(String what, int errno) {
    LOG.log(
        System.Logger.Level.WARNING,
        "cannot tell the service manager: {0}: {1}",
        what,
        Libc.message(errno));
  }
}
