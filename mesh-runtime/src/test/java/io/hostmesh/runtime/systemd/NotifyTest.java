package io.hostmesh.runtime.systemd;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.runtime.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NotifyTest {
  @TempDir Path folder;

  @Test
  void theManagerHearsEachState() {
    String address = folder.resolve("notify").toString();
    try (Manager manager = new Manager(address.getBytes(StandardCharsets.UTF_8))) {
      Notify notify = Notify.from(Map.of("NOTIFY_SOCKET", address));

      notify.status("waiting\nfor pilot");
      assertThat(manager.hears()).isEqualTo("STATUS=waiting for pilot");
      notify.ready();
      assertThat(manager.hears()).isEqualTo("READY=1");
      notify.reloading();
      assertThat(manager.hears()).matches("RELOADING=1\nMONOTONIC_USEC=[0-9]+");
      notify.stopping();
      assertThat(manager.hears()).isEqualTo("STOPPING=1");
    }
  }

  @Test
  void anAbstractAddressIsReached() {
    String name = "hmt-runtime-notify-" + ProcessHandle.current().pid();
    try (Manager manager = new Manager(("\0" + name).getBytes(StandardCharsets.UTF_8))) {
      Notify.from(Map.of("NOTIFY_SOCKET", "@" + name)).ready();

      assertThat(manager.hears()).isEqualTo("READY=1");
    }
  }

  @Test
  void nobodyNeedListen() {
    assertThat(Notify.from(Map.of()).isHeard()).isFalse();
    Notify.from(Map.of()).ready();
    Notify.from(Map.of("NOTIFY_SOCKET", folder.resolve("none").toString())).ready();
    assertThat(Notify.from(Map.of("NOTIFY_SOCKET", "/" + "x".repeat(200))).isHeard()).isFalse();
  }

  /** A unix datagram socket, which Java has none of. */
  private static final class Manager implements AutoCloseable {
    private static final MethodHandle BIND =
        Libc.function(
            "bind",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_INT));
    private static final MethodHandle RECV =
        Libc.function(
            "recv",
            FunctionDescriptor.of(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT,
                ValueLayout.ADDRESS,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT));

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment state = Libc.callState(arena);
    private final int fd;

    Manager(byte[] name) {
      MemorySegment address = arena.allocate(2L + name.length, 2);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) 1);
      MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, 2, name.length);
      try {
        fd = (int) Libc.SOCKET.invokeExact(state, 1, 2, 0);
        int bound = (int) BIND.invokeExact(state, fd, address, (int) address.byteSize());
        assertThat(bound).as(Libc.message(Libc.errno(state))).isZero();
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
    }

    String hears() {
      MemorySegment text = arena.allocate(1024);
      try {
        // A datagram on this host is there when its sender returns: MSG_DONTWAIT.
        long length = (long) RECV.invokeExact(state, fd, text, 1024L, 0x40);
        assertThat(length).isPositive();
        return new String(
            text.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void close() {
      try {
        int _ = (int) Libc.CLOSE.invokeExact(state, fd);
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
      arena.close();
    }
  }
}
