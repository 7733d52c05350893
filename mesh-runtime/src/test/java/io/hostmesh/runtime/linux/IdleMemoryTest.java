package io.hostmesh.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class IdleMemoryTest {
  private static List<String> mapping(String head, int anonymousKilobytes) {
    return List.of(
        head, "Size:   8 kB", "Rss:    8 kB", "Anonymous:   " + anonymousKilobytes + " kB");
  }

  @Test
  void unchangedPagesOfFilesMayGo() {
    assertThat(
            IdleMemory.clean(
                mapping("800000000-800002000 r--p 00001000 fe:00 1042   /usr/lib/a.aot", 0)))
        .containsExactly(new IdleMemory.Range(0x800000000L, 0x800002000L));
    assertThat(IdleMemory.clean(mapping("7f00-8f00 r-xp 00000000 fe:00 7 /lib/libjvm.so", 0)))
        .hasSize(1);
  }

  @Test
  void pagesThatAreOnlyInMemoryStay() {
    assertThat(IdleMemory.clean(mapping("7f00-8f00 r--p 00001000 fe:00 1042 /a.aot", 4)))
        .as("changed before it was made read-only")
        .isEmpty();
    assertThat(IdleMemory.clean(mapping("7f00-8f00 rw-p 00001000 fe:00 1042 /a.aot", 0)))
        .as("may be changed between the look and the letting go")
        .isEmpty();
    assertThat(IdleMemory.clean(mapping("7f00-8f00 r--p 00000000 00:00 0", 0)))
        .as("no file")
        .isEmpty();
    assertThat(IdleMemory.clean(mapping("7f00-8f00 r--s 00000000 fe:00 7 /shared", 0)))
        .as("shared")
        .isEmpty();
    assertThat(IdleMemory.clean(mapping("7f00-8f00 r-xp 00000000 00:00 0 [vdso]", 0))).isEmpty();
  }

  @Test
  void theProcessGoesOnWithoutThem() throws IOException {
    List<String> before = Files.readAllLines(Path.of("/proc/self/smaps"));
    assertThat(IdleMemory.clean(before)).isNotEmpty();

    IdleMemory.giveBack();

    assertThat(Files.readAllLines(Path.of("/proc/self/smaps"))).hasSizeGreaterThan(100);
  }
}
