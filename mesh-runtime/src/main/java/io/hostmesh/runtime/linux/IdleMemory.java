package io.hostmesh.runtime.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Gives back to the host what starting up has touched and running does not need: garbage, and pages
 * of files that are mapped to be read (the AOT cache, the JVM's own code and classes). A page that
 * is needed after all comes back from the page cache.
 */
public final class IdleMemory {
  private static final System.Logger LOG = System.getLogger(IdleMemory.class.getName());
  private static final MethodHandle MADVISE =
      Libc.function(
          "madvise",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT));

  /** linux/mman.h. */
  private static final int MADV_DONTNEED = 4;

  /** The head of a mapping in proc(5) {@code smaps}: private, and not to be written. */
  private static final Pattern READ_ONLY_FILE =
      Pattern.compile("([0-9a-f]+)-([0-9a-f]+) r-[-x]p \\S+ \\S+ [1-9][0-9]* +/.*");

  private static final Pattern ANONYMOUS = Pattern.compile("Anonymous: +([0-9]+) kB");

  private IdleMemory() {}

  /** Part of the address space, in bytes. */
  record Range(long start, long end) {
    long length() {
      return end - start;
    }
  }

  /** Collects garbage and lets go of pages. Blocking, for some 100 ms. Safe for any thread. */
  public static void giveBack() {
    System.gc();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Libc.callState(arena);
      for (Range range : clean(Files.readAllLines(Path.of("/proc/self/smaps")))) {
        int result = (int) MADVISE.invokeExact(state, range.start(), range.length(), MADV_DONTNEED);
        if (result != 0) {
          LOG.log(System.Logger.Level.DEBUG, "madvise: {0}", Libc.message(Libc.errno(state)));
        }
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "cannot read /proc/self/smaps", e);
    } catch (Throwable e) {
      throw new IllegalStateException("madvise", e);
    }
  }

  /**
   * The private read-only mappings of files of which every page is still the file's: letting go of
   * a page that the process has changed (a relocation, say) would lose the change.
   */
  static List<Range> clean(List<String> smaps) {
    List<Range> ranges = new ArrayList<>();
    Range current = null;
    for (String line : smaps) {
      Matcher head = READ_ONLY_FILE.matcher(line);
      Matcher anonymous = ANONYMOUS.matcher(line);
      if (head.matches()) {
        current =
            new Range(
                Long.parseUnsignedLong(head.group(1), 16),
                Long.parseUnsignedLong(head.group(2), 16));
      } else if (line.matches("[0-9a-f]+-[0-9a-f]+ .*")) {
        current = null;
      } else if (current != null && anonymous.matches() && anonymous.group(1).equals("0")) {
        ranges.add(current);
      }
    }
    return ranges;
  }
}
