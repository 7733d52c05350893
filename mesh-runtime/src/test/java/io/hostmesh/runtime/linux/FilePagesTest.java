package io.hostmesh.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class FilePagesTest {
  private static List<String> mapping(String head, int anonymousKilobytes) {
    return List.of(
        head, "Size:   8 kB", "Rss:    8 kB", "Anonymous:   " + anonymousKilobytes + " kB");
  }

  private static boolean mayGo(String head, int anonymousKilobytes) {
    return FilePages.clean(mapping(head, anonymousKilobytes)).getOrDefault(head, false);
  }

  @Test
  void unchangedPagesOfFilesMayGo() {
    assertThat(mayGo("800000000-800002000 r--p 00001000 fe:00 1042   /usr/lib/a.aot", 0)).isTrue();
    assertThat(mayGo("7f00-8f00 r-xp 00000000 fe:00 7 /lib/libjvm.so", 0)).isTrue();
    assertThat(mayGo("7f00-8f00 r-xp 00000000 fe:00 7 /lib/libc.so.6", 0)).isTrue();
    assertThat(mayGo("7f00-8f00 r-xp 00000000 fe:00 7 /tmp/libn1.so (deleted)", 0)).isTrue();
    assertThat(mayGo("7f00-8f00 r--s 00000000 fe:00 7 /usr/r/lib/modules", 0)).isTrue();
  }

  @Test
  void pagesThatAreOnlyInMemoryStay() {
    assertThat(mayGo("7f00-8f00 r--p 00001000 fe:00 1042 /a.aot", 4))
        .as("changed before it was made read-only")
        .isFalse();
    assertThat(mayGo("7f00-8f00 rw-p 00001000 fe:00 1042 /a.aot", 0))
        .as("may be changed between the look and the letting go")
        .isFalse();
    assertThat(mayGo("7f00-8f00 r--p 00000000 00:00 0", 0)).as("no file").isFalse();
    assertThat(mayGo("7f00-8f00 r--s 00000000 fe:00 7 /var/a.log", 0))
        .as("may be gone and its place taken between the look and the letting go")
        .isFalse();
    assertThat(mayGo("7f00-8f00 r-xp 00000000 00:00 0 [vdso]", 0)).isFalse();
  }

  private static long resident() throws IOException {
    return FilePages.resident(Files.readAllLines(Path.of("/proc/self/status")));
  }

  @Test
  void theProcessGoesOnWithoutThem() throws IOException {
    long resident = resident();
    FilePages pages = new FilePages();

    pages.letGo(0); // Only looks.
    pages.letGo(0);

    assertThat(resident()).isPositive().isLessThan(resident);
  }

  @Test
  void fewStay() {
    assertThat(FilePages.resident(List.of("RssAnon:\t   82456 kB", "RssFile:\t   55412 kB")))
        .isEqualTo(55_412);
  }
}
