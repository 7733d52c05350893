package io.hostmesh.agent.redirect;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hostmesh.runtime.linux.Libc;
import io.hostmesh.runtime.linux.NetworkNamespace;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;

/** A host of its own for a test: a network namespace that ends with the test. Needs root. */
public final class TestHost implements AutoCloseable {
  private static final MethodHandle SYSCALL =
      Libc.variadic(
          "syscall",
          FunctionDescriptor.of(
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG),
          1);

  private final String name;

  private TestHost(String name) {
    this.name = name;
  }

  /**
   * @param name unique among tests; what an earlier run left under it is taken away
   */
  public static TestHost make(String name) throws Exception {
    assumeTrue(Files.isWritable(Path.of("/proc/1/oom_score_adj")), "network namespaces need root");
    run("ip", "netns", "del", name);
    must("ip", "netns", "add", name);
    must("ip", "-n", name, "link", "set", "lo", "up");
    return new TestHost(name);
  }

  /** Joins two hosts; both addresses are 4 and 6, as in {@code 10.77.0.1} and {@code fd77::1}. */
  public static void join(TestHost first, TestHost second) throws Exception {
    must(
        "ip",
        "-n",
        first.name,
        "link",
        "add",
        "eth0",
        "type",
        "veth",
        "peer",
        "name",
        "eth0",
        "netns",
        second.name);
    int number = 1;
    for (TestHost host : new TestHost[] {first, second}) {
      must("ip", "-n", host.name, "addr", "add", "10.77.0." + number + "/24", "dev", "eth0");
      must("ip", "-n", host.name, "addr", "add", "fd77::" + number + "/64", "dev", "eth0", "nodad");
      must("ip", "-n", host.name, "link", "set", "eth0", "up");
      number++;
    }
  }

  public String name() {
    return name;
  }

  /** Runs work in this host's network. */
  public <T> T call(Callable<T> work) throws Exception {
    return NetworkNamespace.inside(name, work);
  }

  /** Runs work in this host's network as another user: sockets made there are that user's. */
  public <T> T callAs(int uid, Callable<T> work) throws Exception {
    return call(
        () -> {
          becomeUser(uid);
          return work.call();
        });
  }

  /** Changes the user of the calling thread alone: the raw call, unlike libc's, does that. */
  public static void becomeUser(int uid) {
    long setresuid = System.getProperty("os.arch").equals("aarch64") ? 147 : 117;
    try (Arena arena = Arena.ofConfined()) {
      long status =
          (long)
              SYSCALL.invokeExact(
                  Libc.callState(arena), setresuid, (long) uid, (long) uid, (long) uid);
      if (status != 0) {
        throw new IllegalStateException("setresuid " + uid);
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  /** What the listener at this address says first; connects from this host. */
  String greeting(String address, int port) throws Exception {
    return call(() -> greet(address, port));
  }

  String greetingAs(int uid, String address, int port) throws Exception {
    return callAs(uid, () -> greet(address, port));
  }

  /** The same from one port of the caller's, which an earlier call may have come from. */
  String greetingFrom(int source, int uid, String address, int port) throws Exception {
    return callAs(uid, () -> greet(source, address, port));
  }

  private static String greet(String address, int port) throws IOException {
    return greet(0, address, port);
  }

  private static String greet(int source, String address, int port) throws IOException {
    try (Socket socket = connected(source, address, port)) {
      return String.valueOf(
          new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))
              .readLine());
    }
  }

  /**
   * A connection in the network, and by the user, of the thread.
   *
   * @param source its own port, or 0
   */
  static Socket connected(int source, String address, int port) throws IOException {
    Socket socket = new Socket();
    try {
      if (source != 0) {
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(source));
      }
      socket.setSoTimeout(5_000);
      socket.connect(new InetSocketAddress(InetAddress.ofLiteral(address), port), 5_000);
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** A server on this host, on all its addresses, that greets everyone with this line. */
  ServerSocket greeter(int port, String line) throws Exception {
    ServerSocket server = call(() -> new ServerSocket(port));
    Thread.ofVirtual()
        .start(
            () -> {
              while (!server.isClosed()) {
                try (Socket socket = server.accept()) {
                  socket.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
                } catch (IOException e) {
                  if (!server.isClosed()) {
                    throw new IllegalStateException(e);
                  }
                }
              }
            });
    return server;
  }

  /** All that the kernel redirects and routes here: what capture changes, and has to restore. */
  String kernel() {
    try {
      return shell(
          "nft -s list ruleset; iptables-save | grep -v '^#'; ip6tables-save | grep -v '^#';"
              + " ip rule; ip -6 rule; ip -4 route show table all; ip -6 route show table all"
              + " | grep -v 'multicast\\|fe80\\|anycast'");
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Runs a command in this host's network; its output. */
  String shell(String script) throws Exception {
    return call(
        () -> {
          Process process =
              new ProcessBuilder("bash", "-c", script).redirectErrorStream(true).start();
          String output =
              new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
          process.waitFor();
          return output;
        });
  }

  @Override
  public void close() {
    try {
      run("ip", "netns", "del", name);
    } catch (Exception e) {
      throw new IllegalStateException("cannot remove " + name, e);
    }
  }

  public static void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(15).toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("not within 15 s: " + what);
      }
      Thread.onSpinWait();
      java.util.concurrent.locks.LockSupport.parkNanos(5_000_000);
    }
  }

  private static void must(String... command) throws Exception {
    if (run(command) != 0) {
      throw new IllegalStateException("failed: " + String.join(" ", command));
    }
  }

  private static int run(String... command) throws Exception {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }
}
