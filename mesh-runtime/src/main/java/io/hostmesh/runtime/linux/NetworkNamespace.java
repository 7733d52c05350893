package io.hostmesh.runtime.linux;

import io.hostmesh.runtime.UserError;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadFactory;

/**
 * A named network namespace, as {@code ip netns add} makes them. A thread that enters one (setns(2)
 * with {@code CLONE_NEWNET}) makes its sockets there; they stay in it whoever uses them later. The
 * file system, {@code /sys} included, stays as it is, unlike with {@code ip netns exec}. Needs
 * {@code CAP_SYS_ADMIN}.
 *
 * @param path the file that stands for it, {@code /run/netns/<name>} or {@code /proc/<pid>/ns/net}
 */
public record NetworkNamespace(Path path) {
  private static final int CLONE_NEWNET = 0x4000_0000;
  private static final int O_RDONLY_CLOEXEC = 0x8_0000;

  private static final MethodHandle OPEN =
      Libc.function(
          "open",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT));
  private static final MethodHandle SETNS =
      Libc.function(
          "setns",
          FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  /** The namespace that {@code ip netns} knows by this name. */
  public static NetworkNamespace named(String name) {
    return new NetworkNamespace(Path.of("/run/netns", name));
  }

  /**
   * Runs work on a thread of its own inside the namespace of this name, and waits for it.
   *
   * @throws UserError where the namespace cannot be entered
   * @throws Exception what the work throws
   */
  public static <T> T inside(String name, Callable<T> work) throws Exception {
    return named(name).call(work);
  }

  /**
   * Runs work on a thread of its own inside this namespace, and waits for it.
   *
   * @throws UserError where the namespace cannot be entered
   * @throws Exception what the work throws
   */
  public <T> T call(Callable<T> work) throws Exception {
    FutureTask<T> task =
        new FutureTask<>(
            () -> {
              enter();
              return work.call();
            });
    Thread.ofPlatform().name("netns " + path.getFileName()).daemon().start(task);
    try {
      return task.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case Error error -> throw error;
        case Exception exception -> throw exception;
        case null, default -> throw e;
      }
    }
  }

  /**
   * Makes threads that live inside this namespace: an event loop of such a thread accepts and
   * connects there. A thread that cannot enter ends with {@link UserError} before its work starts.
   */
  public ThreadFactory threads(ThreadFactory outside) {
    return work ->
        outside.newThread(
            () -> {
              enter();
              work.run();
            });
  }

  /**
   * Moves the calling platform thread into this namespace for the rest of its life. Not for virtual
   * threads, whose carriers are shared.
   *
   * @throws UserError where there is no such namespace, or the capability is missing
   */
  public void enter() {
    if (Thread.currentThread().isVirtual()) {
      throw new IllegalStateException("a virtual thread cannot enter a network namespace");
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Libc.callState(arena);
      int fd = (int) OPEN.invokeExact(state, arena.allocateFrom(path.toString()), O_RDONLY_CLOEXEC);
      if (fd < 0) {
        throw refused("cannot open", Libc.errno(state));
      }
      int entered = (int) SETNS.invokeExact(state, fd, CLONE_NEWNET);
      int errno = Libc.errno(state);
      int _ = (int) Libc.CLOSE.invokeExact(state, fd);
      if (entered < 0) {
        throw refused("cannot enter", errno);
      }
    } catch (UserError e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("setns", e);
    }
  }

  private UserError refused(String what, int errno) {
    return new UserError(
        "network namespace "
            + path
            + ": "
            + what
            + " it: "
            + Libc.message(errno)
            + ". See 'ip netns list'; it needs CAP_SYS_ADMIN (root).");
  }
}
