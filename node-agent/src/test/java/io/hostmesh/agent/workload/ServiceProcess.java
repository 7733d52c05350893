package io.hostmesh.agent.workload;

import io.hostmesh.agent.redirect.TestHost;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * A process of its own on a test's host, in a control group and under a user: it listens, or calls,
 * as told by its first line of input, and keeps its sockets until it is closed.
 */
public final class ServiceProcess implements AutoCloseable {
  private final Process process;
  private final BufferedReader output;

  private ServiceProcess(Process process) {
    this.process = process;
    this.output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Listens; returns when it does. With {@code accept}, takes connections as they come. */
  public static ServiceProcess listening(
      TestHost host, Path cgroup, int uid, String address, int port, String... options)
      throws Exception {
    return start(host, cgroup, uid, "listen", address, port, options);
  }

  /**
   * Calls and keeps the connection; its own port is the answer's. With {@code become=UID} it is
   * another user from then on.
   */
  public static ServiceProcess calling(
      TestHost host, Path cgroup, int uid, String address, int port, String... options)
      throws Exception {
    return start(host, cgroup, uid, "call", address, port, options);
  }

  private static ServiceProcess start(
      TestHost host, Path cgroup, int uid, String what, String address, int port, String... options)
      throws Exception {
    List<String> java =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                ServiceProcess.class.getName(),
                "" + uid,
                what,
                address,
                "" + port));
    java.addAll(List.of(options));
    List<String> command = new ArrayList<>(List.of("bash", "-c"));
    command.add("echo $$ > '" + cgroup.resolve("cgroup.procs") + "'; exec \"$@\"");
    command.add("bash");
    command.addAll(java);
    ServiceProcess service =
        new ServiceProcess(
            host.call(
                () ->
                    new ProcessBuilder(command)
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start()));
    String line = service.output.readLine();
    if (line == null || !line.startsWith("ready")) {
      throw new IllegalStateException("a service process says: " + line);
    }
    service.port = Integer.parseInt(line.substring("ready ".length()));
    return service;
  }

  private int port;

  /** Its own port. */
  public int port() {
    return port;
  }

  public long pid() {
    return process.pid();
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    process.onExit().join();
    output.close();
  }

  /** The process's own life. */
  static void main(String[] args) throws Exception {
    TestHost.becomeUser(Integer.parseInt(args[0]));
    InetSocketAddress address =
        new InetSocketAddress(InetAddress.ofLiteral(args[2]), Integer.parseInt(args[3]));
    List<String> options = List.of(args).subList(4, args.length);
    Callable<Void> rest =
        args[1].equals("listen") ? listen(address, options) : call(address, options);
    rest.call();
  }

  private static Callable<Void> listen(InetSocketAddress address, List<String> options)
      throws IOException {
    ServerSocket server = new ServerSocket();
    if (options.contains("reuseport")) {
      server.setOption(java.net.StandardSocketOptions.SO_REUSEPORT, true);
    }
    server.bind(address);
    System.out.println("ready " + server.getLocalPort());
    return () -> {
      if (!options.contains("accept")) {
        System.in.read();
      }
      List<Socket> kept = new ArrayList<>();
      while (!server.isClosed()) {
        kept.add(server.accept());
      }
      for (Socket socket : kept) {
        socket.close();
      }
      return null;
    };
  }

  private static Callable<Void> call(InetSocketAddress address, List<String> options)
      throws IOException {
    Socket socket = new Socket(address.getAddress(), address.getPort());
    for (String option : options) {
      int user = Integer.parseInt(option.substring("become=".length()));
      TestHost.becomeUser(user);
      if ((Integer) Files.getAttribute(Path.of("/proc/thread-self"), "unix:uid") != user) {
        throw new IllegalStateException("still not " + user);
      }
    }
    System.out.println("ready " + socket.getLocalPort());
    return () -> {
      System.in.read();
      socket.close();
      return null;
    };
  }

  /** A control group for a test, taken away with all its processes gone. */
  public record Group(Path path) implements AutoCloseable {
    public static Group make(CgroupTree tree, String name) throws IOException {
      return new Group(Files.createDirectories(tree.root().resolve(name)));
    }

    @Override
    public void close() throws IOException {
      Files.deleteIfExists(path);
    }
  }
}
