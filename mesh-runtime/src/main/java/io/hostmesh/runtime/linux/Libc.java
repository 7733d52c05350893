package io.hostmesh.runtime.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * Looks up functions of the C library (JEP 454). Each package binds the few that only it needs as
 * constants; all of them capture {@code errno}. Safe for any thread.
 */
@SuppressWarnings("restricted") // Calling the C library is what this class is for.
public final class Libc {
  /** Where a call leaves {@code errno}: allocate one for each call and pass it first. */
  public static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();

  private static final VarHandle ERRNO =
      CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final Linker LINKER = Linker.nativeLinker();
  private static final SymbolLookup LOOKUP = LINKER.defaultLookup();
  private static final MethodHandle STRERROR =
      LINKER.downcallHandle(
          LOOKUP.findOrThrow("strerror"),
          FunctionDescriptor.of(ValueLayout.ADDRESS, ValueLayout.JAVA_INT));

  /** {@code int socket(int domain, int type, int protocol)}, after the call state. */
  public static final MethodHandle SOCKET =
      function(
          "socket",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT));

  /** {@code int close(int fd)}, after the call state. */
  public static final MethodHandle CLOSE =
      function("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  private Libc() {}

  /** A function that takes the call state as its first argument, before those of the descriptor. */
  public static MethodHandle function(String name, FunctionDescriptor descriptor) {
    return LINKER.downcallHandle(
        LOOKUP.findOrThrow(name), descriptor, Linker.Option.captureCallState("errno"));
  }

  /**
   * A function of the kind {@code fcntl(int, int, ...)}, which some machines call differently.
   *
   * @param fixed how many of the arguments are not variable
   */
  public static MethodHandle variadic(String name, FunctionDescriptor descriptor, int fixed) {
    return LINKER.downcallHandle(
        LOOKUP.findOrThrow(name),
        descriptor,
        Linker.Option.captureCallState("errno"),
        Linker.Option.firstVariadicArg(fixed));
  }

  /** Room for the call state. */
  public static MemorySegment callState(Arena arena) {
    return arena.allocate(CALL_STATE);
  }

  /** The error number that a call left. */
  public static int errno(MemorySegment callState) {
    return (int) ERRNO.get(callState, 0L);
  }

  /** The C library's sentence for an error number. */
  public static String message(int errno) {
    try {
      MemorySegment text = (MemorySegment) STRERROR.invokeExact(errno);
      return text.reinterpret(256).getString(0);
    } catch (Throwable e) {
      throw new IllegalStateException("strerror", e);
    }
  }
}
