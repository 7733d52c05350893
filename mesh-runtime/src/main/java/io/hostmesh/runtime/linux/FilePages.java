package io.hostmesh.runtime.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Pages of files that are mapped to be read (the AOT cache, the JVM's own code and classes): the
 * kernel brings in the neighbours of each page that is touched, and keeps all of them where memory
 * is plenty. A page that is let go and needed after all comes back from the page cache. For one
 * thread at a time.
 */
public final class FilePages {
  private static final System.Logger LOG = System.getLogger(FilePages.class.getName());
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

  /**
   * The head of a mapping in proc(5) {@code smaps}: of a file that stays mapped as long as the
   * process runs, and not to be written. Another one could give way to something else between the
   * look and the letting go.
   */
  private static final Pattern READ_ONLY_FILE =
      Pattern.compile(
          "([0-9a-f]+)-([0-9a-f]+) r-[-x][ps] \\S+ \\S+ [1-9][0-9]* +/.*"
              + "(\\.aot|\\.so(\\.[0-9]+)*|/lib/modules)( \\(deleted\\))?");

  private static final Pattern RESIDENT = Pattern.compile("RssFile:\\s+([0-9]+) kB");
  private static final Pattern ANONYMOUS = Pattern.compile("Anonymous: +([0-9]+) kB");

  /** The heads of mappings that were looked at, and whether all of their pages were the file's. */
  private Map<String, Boolean> looked = Map.of();

  /** Part of the address space, in bytes. */
  record Range(long start, long end) {
    long length() {
      return end - start;
    }
  }

  /**
   * Lets go of those that are resident, where they are many. A mapping is looked at once, and let
   * go of from the next time on if it is still there: while a library is being loaded, what is
   * there changes.
   *
   * @param kilobytes how many may stay
   */
  public void letGo(long kilobytes) {
    try {
      if (resident(lines("status")) > kilobytes) {
        List<String> candidates =
            lines("maps").stream().filter(line -> mapping(line) != null).toList();
        letGo(candidates.stream().filter(head -> looked.getOrDefault(head, false)).toList());
        if (!looked.keySet().containsAll(candidates)) {
          looked = clean(lines("smaps"));
        }
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "cannot read /proc/self", e);
    }
  }

  private static List<String> lines(String file) throws IOException {
    return Files.readAllLines(Path.of("/proc/self", file));
  }

  /** Those of files, in kilobytes, by proc(5) {@code status}. */
  static long resident(List<String> status) {
    for (String line : status) {
      Matcher file = RESIDENT.matcher(line);
      if (file.matches()) {
        return Long.parseLong(file.group(1));
      }
    }
    return 0;
  }

  private static void letGo(List<String> heads) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Libc.callState(arena);
      for (String head : heads) {
        Range range = Objects.requireNonNull(mapping(head));
        int result = (int) MADVISE.invokeExact(state, range.start(), range.length(), MADV_DONTNEED);
        if (result != 0) {
          LOG.log(System.Logger.Level.DEBUG, "madvise: {0}", Libc.message(Libc.errno(state)));
        }
      }
    } catch (Throwable e) {
      throw new IllegalStateException("madvise", e);
    }
  }

  /**
   * The heads of the read-only mappings of files, and whether every page of each is still the
   * file's: letting go of a page that the process has changed (a relocation, say) would lose the
   * change.
   */
  static Map<String, Boolean> clean(List<String> smaps) {
    Map<String, Boolean> found = new HashMap<>();
    String head = "";
    for (String line : smaps) {
      if (!Character.isUpperCase(line.charAt(0))) {
        head = mapping(line) == null ? "" : line;
      } else if (!head.isEmpty() && line.startsWith("Anonymous:")) {
        Matcher anonymous = ANONYMOUS.matcher(line);
        found.put(head, anonymous.matches() && anonymous.group(1).equals("0"));
      }
    }
    return Map.copyOf(found);
  }

  /** The mapping that a head is of, where it may be one to be let go. */
  private static @Nullable Range mapping(String line) {
    Matcher head = READ_ONLY_FILE.matcher(line);
    return head.matches()
        ? new Range(
            Long.parseUnsignedLong(head.group(1), 16), Long.parseUnsignedLong(head.group(2), 16))
        : null;
  }
}
