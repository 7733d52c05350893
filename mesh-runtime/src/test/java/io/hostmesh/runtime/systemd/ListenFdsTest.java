package io.hostmesh.runtime.systemd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ListenFdsTest {
  private static final MethodHandle DUP2 =
      Libc.function(
          "dup2",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
  private static final MethodHandle LISTEN =
      Libc.function(
          "listen",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  private static final int AF_UNIX = 1;
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int STREAM = 1;
  private static final int DATAGRAM = 2;

  private interface Call {
    int on(MemorySegment state) throws Throwable;
  }

  private static int call(Call call) {
    try (Arena arena = Arena.ofConfined()) {
      return call.on(Libc.callState(arena));
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** Puts a new socket where a service manager would have put it. */
  private static void pass(int at, int family, int type, boolean listens) {
    int fd = call(state -> (int) Libc.SOCKET.invokeExact(state, family, type, 0));
    if (listens) {
      assertThat(call(state -> (int) LISTEN.invokeExact(state, fd, 1))).isZero();
    }
    assertThat(call(state -> (int) DUP2.invokeExact(state, fd, at))).isEqualTo(at);
    assertThat(call(state -> (int) Libc.CLOSE.invokeExact(state, fd))).isZero();
  }

  private static Map<String, List<ListenFds.Passed>> take(int first, int count, String names) {
    return ListenFds.take(
        Map.of("LISTEN_FDS", "" + count, "LISTEN_PID", "7", "LISTEN_FDNAMES", names), 7, first);
  }

  @Test
  void socketsAreTakenByTheirNames() throws Exception {
    pass(700, AF_INET, STREAM, true);
    pass(701, AF_INET6, STREAM, true);
    pass(702, AF_INET, DATAGRAM, false);

    assertThat(take(700, 3, "mesh:mesh:dns-udp"))
        .isEqualTo(
            Map.of(
                "mesh",
                List.of(
                    new ListenFds.Passed("mesh", 700, ListenFds.Kind.STREAM_LISTENER, false),
                    new ListenFds.Passed("mesh", 701, ListenFds.Kind.STREAM_LISTENER, true)),
                "dns-udp",
                List.of(new ListenFds.Passed("dns-udp", 702, ListenFds.Kind.DATAGRAM, false))));
    for (int fd = 700; fd <= 702; fd++) {
      String flags =
          Files.readAllLines(Path.of("/proc/self/fdinfo/" + fd)).stream()
              .filter(line -> line.startsWith("flags:"))
              .findFirst()
              .orElseThrow();
      assertThat(Integer.parseInt(flags.substring(6).strip(), 8) & 0x8_0000)
          .as("closed to children")
          .isNotZero();
      assertThat(Integer.parseInt(flags.substring(6).strip(), 8) & 0x800)
          .as("never waited on by an event loop")
          .isNotZero();
    }
    closeAll(700, 702);
  }

  @Test
  void whatCannotBeServedIsRefused() {
    pass(710, AF_INET, STREAM, false);
    pass(711, AF_UNIX, STREAM, false);

    assertThatThrownBy(() -> take(710, 1, "mesh"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("descriptor 710 (\"mesh\") is a stream socket that does not listen");
    assertThatThrownBy(() -> take(711, 1, "mesh"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("is not an IP socket");
    assertThatThrownBy(() -> take(790, 1, "mesh"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("Bad file descriptor");
    closeAll(710, 711);
  }

  private static void closeAll(int first, int last) {
    for (int fd = first; fd <= last; fd++) {
      int each = fd;
      assertThat(call(state -> (int) Libc.CLOSE.invokeExact(state, each))).isZero();
    }
  }

  @Test
  void socketsOfAnotherProcessAreLeftAlone() {
    assertThat(ListenFds.take(Map.of(), 7)).isEmpty();
    assertThat(ListenFds.take(Map.of("LISTEN_FDS", "2", "LISTEN_PID", "8"), 7)).isEmpty();
    assertThat(ListenFds.take(Map.of("LISTEN_FDS", "2"), 7)).isEmpty();
    assertThat(ListenFds.take(Map.of("LISTEN_FDS", "0", "LISTEN_PID", "7"), 7)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "x, a, LISTEN_FDS = x is not a number",
    "-1, a, LISTEN_FDS = -1 is not within 0 to 1024",
    "2000, a, LISTEN_FDS = 2000 is not within 0 to 1024",
    "2, a, 'LISTEN_FDS = 2, but LISTEN_FDNAMES = a names 1'",
  })
  void whatIsPassedMustBeWhatItSays(String count, String names, String complaint) {
    assertThatThrownBy(
            () ->
                ListenFds.take(
                    Map.of("LISTEN_FDS", count, "LISTEN_PID", "7", "LISTEN_FDNAMES", names), 7))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(complaint);
  }
}
