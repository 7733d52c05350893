package io.hostmesh.agent.workload;

import io.hostmesh.runtime.linux.Libc;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * A process that connects to a unix socket and then does as told by its input's lines: {@code user
 * <uid>} changes its user; {@code pass} starts another process with its socket, and ends.
 */
final class UnixCaller implements AutoCloseable {
  private final Process process;
  private final BufferedReader output;

  private UnixCaller(Process process) {
    this.process = process;
    this.output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Starts one, in a control group where one is given; returns when it has connected. */
  static UnixCaller start(Path socket, List<Path> cgroup) throws IOException {
    StringBuilder shell = new StringBuilder();
    cgroup.forEach(group -> shell.append("echo $$ > '").append(group).append("/cgroup.procs'; "));
    UnixCaller caller =
        new UnixCaller(
            new ProcessBuilder(
                    "bash",
                    "-c",
                    shell + "exec \"$@\"",
                    "bash",
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC",
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    UnixCaller.class.getName(),
                    socket.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    caller.expect("connected");
    return caller;
  }

  int pid() {
    return (int) process.pid();
  }

  void becomes(int uid) throws IOException {
    tell("user " + uid);
    expect("done");
  }

  /** Another process has its socket then, and it has ended itself. */
  ProcessHandle passesOnAndEnds() throws IOException {
    tell("pass");
    ProcessHandle heir =
        ProcessHandle.of(Long.parseLong(String.valueOf(output.readLine()))).orElseThrow();
    process.onExit().join();
    return heir;
  }

  private void tell(String what) throws IOException {
    process.getOutputStream().write((what + "\n").getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
  }

  private void expect(String word) throws IOException {
    String line = output.readLine();
    if (!word.equals(line)) {
      throw new IllegalStateException("a calling process says: " + line);
    }
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    process.onExit().join();
    output.close();
  }

  /** The process's own life. Its socket is its file 3 or above until it is passed on as file 0. */
  static void main(String[] args) throws Exception {
    int socket = connect(args[0]);
    System.out.println("connected");
    BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = input.readLine(); line != null; line = input.readLine()) {
      if (line.startsWith("user ")) {
        // Of every thread: the kernel keeps a process's user by its first one.
        call("setresuid", Integer.parseInt(line.substring(5)));
        System.out.println("done");
      } else {
        dup2(socket, 0);
        Process heir =
            new ProcessBuilder("sleep", "60")
                .redirectInput(ProcessBuilder.Redirect.INHERIT)
                .redirectOutput(new File("/dev/null"))
                .redirectError(new File("/dev/null"))
                .start();
        System.out.println(heir.pid());
        System.out.flush();
        Runtime.getRuntime().halt(0);
      }
    }
  }

  private static int connect(String path) throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Libc.callState(arena);
      int fd;
      try {
        fd = (int) Libc.SOCKET.invokeExact(state, 1, 1, 0);
        byte[] name = path.getBytes(StandardCharsets.UTF_8);
        MemorySegment address = arena.allocate(110);
        address.set(ValueLayout.JAVA_SHORT, 0, (short) 1);
        MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, 2, name.length);
        MethodHandle connect =
            Libc.function(
                "connect",
                FunctionDescriptor.of(
                    ValueLayout.JAVA_INT,
                    ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS,
                    ValueLayout.JAVA_INT));
        if ((int) connect.invokeExact(state, fd, address, 2 + name.length + 1) != 0) {
          throw new IOException("connect: " + Libc.message(Libc.errno(state)));
        }
      } catch (Throwable e) {
        throw new IOException(e);
      }
      return fd;
    }
  }

  private static void dup2(int from, int to) throws IOException {
    MethodHandle dup2 =
        Libc.function(
            "dup2",
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      int _ = (int) dup2.invokeExact(Libc.callState(arena), from, to);
    } catch (Throwable e) {
      throw new IOException(e);
    }
  }

  private static void call(String name, int uid) throws IOException {
    MethodHandle setresuid =
        Libc.function(
            name,
            FunctionDescriptor.of(
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT));
    try (Arena arena = Arena.ofConfined()) {
      if ((int) setresuid.invokeExact(Libc.callState(arena), uid, uid, uid) != 0) {
        throw new IOException("setresuid " + uid);
      }
    } catch (IOException e) {
      throw e;
    } catch (Throwable e) {
      throw new IOException(e);
    }
  }
}
