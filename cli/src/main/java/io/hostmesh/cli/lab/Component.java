package io.hostmesh.cli.lab;

import io.hostmesh.runtime.UserError;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.IntPredicate;

/**
 * A daemon that the supervisor keeps running: started again when it ends unasked, at once the first
 * time, later with growing pauses. Safe for any thread.
 */
final class Component {
  private static final System.Logger LOG = System.getLogger(Component.class.getName());

  /** Who lived this long is started again without a pause. */
  private static final Duration STABLE = Duration.ofSeconds(5);

  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  /** How long a daemon may drain after SIGTERM. */
  private static final Duration DRAIN = Duration.ofSeconds(20);

  /**
   * How it is started.
   *
   * @param command the whole command line; made anew at each start
   * @param sockets handed over as systemd does (sd_listen_fds(3))
   */
  record Program(
      Callable<List<String>> command,
      Map<String, String> env,
      List<ListeningSocket> sockets,
      Path log) {}

  private record Generation(int pid, long startedNanos) {}

  private final String name;
  private final Program program;
  private final IntPredicate ready;
  private final List<Generation> running = new ArrayList<>();
  private boolean wanted;
  private int lastStatus;
  private int failures;

  /**
   * @param ready whether the generation with this process id does its work
   */
  Component(String name, Program program, IntPredicate ready) {
    this.name = name;
    this.program = program;
    this.ready = ready;
  }

  String name() {
    return name;
  }

  /** The newest generation's process; 0 where none runs. */
  synchronized int pid() {
    return running.isEmpty() ? 0 : running.getLast().pid();
  }

  synchronized boolean isWanted() {
    return wanted;
  }

  boolean isReady() {
    int pid = pid();
    return pid != 0 && ready.test(pid);
  }

  /**
   * @throws UserError where it does not do its work within the limit
   */
  void awaitReady(Duration limit) {
    if (!Pause.until(limit, this::isReady)) {
      throw new UserError(
          "%s is not ready after %d s; the end of %s:%n%s"
              .formatted(name, limit.toSeconds(), program.log(), LogEnd.of(program.log())));
    }
  }

  synchronized void start() {
    wanted = true;
    if (running.isEmpty()) {
      spawn();
    }
  }

  private int spawn() {
    try {
      List<String> command = program.command().call();
      Map<String, String> env = new java.util.TreeMap<>(program.env());
      if (!program.sockets().isEmpty()) {
        env.put("LISTEN_FDS", Integer.toString(program.sockets().size()));
        env.put(
            "LISTEN_FDNAMES",
            String.join(":", program.sockets().stream().map(ListeningSocket::name).toList()));
      }
      List<Integer> files = program.sockets().stream().map(ListeningSocket::descriptor).toList();
      int pid = Posix.spawn(command, env, program.log(), files);
      Generation generation = new Generation(pid, System.nanoTime());
      running.add(generation);
      Thread.ofPlatform().daemon().name("wait " + name).start(() -> await(generation));
      return pid;
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new UserError(name + ": cannot be started: " + e.getMessage(), e);
    }
  }

  private void await(Generation generation) {
    int status = Posix.await(generation.pid());
    Duration lived = Duration.ofNanos(System.nanoTime() - generation.startedNanos());
    boolean again;
    synchronized (this) {
      running.remove(generation);
      lastStatus = status;
      again = wanted && running.isEmpty();
      failures = lived.compareTo(STABLE) >= 0 ? 0 : failures + 1;
    }
    LOG.log(
        System.Logger.Level.INFO,
        name + " (pid " + generation.pid() + ") ended with status " + status);
    if (again) {
      Pause.of(pause());
      synchronized (this) {
        if (wanted && running.isEmpty()) {
          spawn();
        }
      }
    }
  }

  private synchronized Duration pause() {
    if (failures <= 1) {
      return Duration.ZERO;
    }
    Duration pause = Duration.ofMillis(200L << Math.min(failures - 2, 6));
    return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
  }

  /** Ends it and keeps it down: SIGTERM, and SIGKILL where it does not drain. */
  void stop() {
    List<Generation> all;
    synchronized (this) {
      wanted = false;
      all = List.copyOf(running);
    }
    all.forEach(generation -> end(generation.pid()));
  }

  /** SIGKILL; it is started again if it is wanted. */
  void kill() {
    int pid = pid();
    if (pid == 0) {
      throw new UserError(name + " does not run");
    }
    ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
  }

  /**
   * Starts a new generation beside the running one, which drains once the new one is ready.
   *
   * @throws UserError where the new one is not ready within the limit; the old one goes on then
   */
  void replace(Duration limit) {
    int old;
    int next;
    synchronized (this) {
      old = pid();
      if (old == 0) {
        throw new UserError(name + " does not run; start it: hostmesh lab start " + name);
      }
      next = spawn();
    }
    if (!Pause.until(limit, () -> !isRunning(next) || ready.test(next)) || !isRunning(next)) {
      boolean ended = !isRunning(next);
      ProcessHandle.of(next).ifPresent(ProcessHandle::destroyForcibly);
      throw new UserError(
          name
              + ": the new generation "
              + (ended ? "ended with status " + status() : "was not ready within " + limit)
              + "; the old one goes on; see "
              + program.log());
    }
    end(old);
  }

  private synchronized int status() {
    return lastStatus;
  }

  private synchronized boolean isRunning(int pid) {
    return running.stream().anyMatch(generation -> generation.pid() == pid);
  }

  private void end(int pid) {
    ProcessHandle.of(pid).ifPresent(ProcessHandle::destroy);
    if (!Pause.until(DRAIN, () -> !isRunning(pid))) {
      LOG.log(System.Logger.Level.WARNING, name + " (pid " + pid + ") did not end; killing it");
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
      Pause.until(DRAIN, () -> !isRunning(pid));
    }
  }
}
