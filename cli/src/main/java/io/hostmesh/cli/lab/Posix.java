package io.hostmesh.cli.lab;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Starting programs with open files handed to them, which Java's own way closes, and becoming
 * another program. posix_spawn(3), waitpid(2), execve(2).
 */
final class Posix {
  private static final int SETSIGDEF = 0x04;
  private static final int SETSIGMASK = 0x08;
  private static final int SETSID = 0x80;
  private static final int WRONLY_CREAT_APPEND = 01 | 0100 | 02000;
  private static final int CLOSE_RANGE_CLOEXEC = 4;
  private static final int SIG_SETMASK = 2;

  /** Larger than glibc's posix_spawnattr_t (336), file actions (80) and sigset_t (128). */
  private static final int ROOM = 512;

  private static final MethodHandle SPAWN =
      Libc.function(
          "posix_spawn",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
  private static final MethodHandle ACTIONS_INIT =
      Libc.function("posix_spawn_file_actions_init", FunctionDescriptor.of(JAVA_INT, ADDRESS));
  private static final MethodHandle ACTIONS_DESTROY =
      Libc.function("posix_spawn_file_actions_destroy", FunctionDescriptor.of(JAVA_INT, ADDRESS));
  private static final MethodHandle ADD_OPEN =
      Libc.function(
          "posix_spawn_file_actions_addopen",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
  private static final MethodHandle ADD_DUP =
      Libc.function(
          "posix_spawn_file_actions_adddup2",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
  private static final MethodHandle ADD_CLOSE_FROM =
      Libc.function(
          "posix_spawn_file_actions_addclosefrom_np",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle ATTR_INIT =
      Libc.function("posix_spawnattr_init", FunctionDescriptor.of(JAVA_INT, ADDRESS));
  private static final MethodHandle ATTR_FLAGS =
      Libc.function(
          "posix_spawnattr_setflags", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_SHORT));
  private static final MethodHandle ATTR_MASK =
      Libc.function(
          "posix_spawnattr_setsigmask", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
  private static final MethodHandle ATTR_DEFAULT =
      Libc.function(
          "posix_spawnattr_setsigdefault", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
  private static final MethodHandle SIG_EMPTY =
      Libc.function("sigemptyset", FunctionDescriptor.of(JAVA_INT, ADDRESS));
  private static final MethodHandle SIG_FILL =
      Libc.function("sigfillset", FunctionDescriptor.of(JAVA_INT, ADDRESS));
  private static final MethodHandle SIG_MASK =
      Libc.function("pthread_sigmask", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
  private static final MethodHandle WAIT =
      Libc.function("waitpid", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle CLOSE_RANGE =
      Libc.function("close_range", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
  private static final MethodHandle EXEC =
      Libc.function("execve", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS));

  private Posix() {}

  /**
   * Starts a program in a session of its own, without a terminal, its output appended to a file.
   *
   * @param files descriptors of this process that it gets as 3, 4, …; all numbered 100 or higher
   * @return its process id
   */
  static int spawn(
      List<String> command, Map<String, String> env, Path output, List<Integer> files) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Libc.callState(arena);
      MemorySegment actions = actions(arena, output, files);
      MemorySegment attributes = arena.allocate(ROOM, 16);
      MemorySegment signals = arena.allocate(ROOM, 16);
      check("posix_spawnattr_init", (int) ATTR_INIT.invokeExact(state, attributes));
      short flags = SETSIGDEF | SETSIGMASK | SETSID;
      check("flags", (int) ATTR_FLAGS.invokeExact(state, attributes, flags));
      check("signals", (int) SIG_EMPTY.invokeExact(state, signals));
      check("mask", (int) ATTR_MASK.invokeExact(state, attributes, signals));
      check("signals", (int) SIG_FILL.invokeExact(state, signals));
      check("defaults", (int) ATTR_DEFAULT.invokeExact(state, attributes, signals));
      MemorySegment pid = arena.allocate(JAVA_INT);
      int failure =
          (int)
              SPAWN.invokeExact(
                  state,
                  pid,
                  arena.allocateFrom(command.getFirst()),
                  actions,
                  attributes,
                  strings(arena, command),
                  environment(arena, env));
      int _ = (int) ACTIONS_DESTROY.invokeExact(state, actions);
      check("cannot start " + command.getFirst(), failure);
      return pid.get(JAVA_INT, 0);
    } catch (UserError e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("posix_spawn", e);
    }
  }

  private static MemorySegment actions(Arena arena, Path output, List<Integer> files)
      throws Throwable {
    MemorySegment state = Libc.callState(arena);
    MemorySegment actions = arena.allocate(ROOM, 16);
    check("file actions", (int) ACTIONS_INIT.invokeExact(state, actions));
    MemorySegment nothing = arena.allocateFrom("/dev/null");
    MemorySegment log = arena.allocateFrom(output.toString());
    check("stdin", (int) ADD_OPEN.invokeExact(state, actions, 0, nothing, 0, 0));
    check("stdout", (int) ADD_OPEN.invokeExact(state, actions, 1, log, WRONLY_CREAT_APPEND, 0644));
    check("stderr", (int) ADD_DUP.invokeExact(state, actions, 1, 2));
    int next = 3;
    for (int file : files) {
      check("dup2", (int) ADD_DUP.invokeExact(state, actions, file, next));
      next++;
    }
    check("close", (int) ADD_CLOSE_FROM.invokeExact(state, actions, next));
    return actions;
  }

  /**
   * Waits for a child that {@link #spawn} started.
   *
   * @return its status; 128 and the signal's number where a signal ended it
   */
  static int await(int pid) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Libc.callState(arena);
      MemorySegment status = arena.allocate(JAVA_INT);
      while ((int) WAIT.invokeExact(state, pid, status, 0) < 0) {
        int errno = Libc.errno(state);
        if (errno != 4) { // EINTR
          throw new IllegalStateException("waitpid: " + Libc.message(errno));
        }
      }
      int word = status.get(JAVA_INT, 0);
      int signal = word & 0x7f;
      return signal == 0 ? word >> 8 & 0xff : 128 + signal;
    } catch (IllegalStateException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("waitpid", e);
    }
  }

  /**
   * Becomes another program: it has this process's id, terminal and standard streams, and nothing
   * else of it. Does not return.
   *
   * @throws UserError where it cannot be started
   */
  static UserError become(List<String> command, Map<String, String> env) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Libc.callState(arena);
      MemorySegment none = arena.allocate(ROOM, 16);
      check("signals", (int) SIG_EMPTY.invokeExact(state, none));
      MemorySegment argv = strings(arena, command);
      MemorySegment envp = environment(arena, env);
      MemorySegment program = arena.allocateFrom(command.getFirst());
      check("mask", (int) SIG_MASK.invokeExact(state, SIG_SETMASK, none, MemorySegment.NULL));
      int _ = (int) CLOSE_RANGE.invokeExact(state, 3, -1, CLOSE_RANGE_CLOEXEC);
      int _ = (int) EXEC.invokeExact(state, program, argv, envp);
      return new UserError(
          "cannot start " + command.getFirst() + ": " + Libc.message(Libc.errno(state)));
    } catch (UserError e) {
      return e;
    } catch (Throwable e) {
      throw new IllegalStateException("execve", e);
    }
  }

  private static MemorySegment strings(Arena arena, List<String> texts) {
    MemorySegment array = arena.allocate(ADDRESS, texts.size() + 1L);
    for (int i = 0; i < texts.size(); i++) {
      array.setAtIndex(ADDRESS, i, arena.allocateFrom(texts.get(i)));
    }
    array.setAtIndex(ADDRESS, texts.size(), MemorySegment.NULL);
    return array;
  }

  private static MemorySegment environment(Arena arena, Map<String, String> env) {
    return strings(
        arena, env.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList());
  }

  /** These functions return the error's number. */
  private static void check(String what, int failure) {
    if (failure != 0) {
      throw new UserError(what + ": " + Libc.message(failure));
    }
  }
}
