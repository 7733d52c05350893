package io.hostmesh.runtime.state;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a daemon keeps is there again, whole, and for its owner only. */
class StateFilesTest {
  @TempDir Path directory;

  @Test
  void whatIsWrittenIsReadAgain() throws IOException {
    StateFiles files = new StateFiles(directory.resolve("new/folder"));
    assertThat(files.read("a")).isEmpty();
    files.write("a", "one".getBytes(UTF_8));
    files.write("a", "two".getBytes(UTF_8));
    assertThat(files.read("a"))
        .hasValueSatisfying(b -> assertThat(b).asString(UTF_8).isEqualTo("two"));
    files.delete("a");
    assertThat(files.read("a")).isEmpty();
  }

  @Test
  void nobodyElseMayReadIt() throws IOException {
    StateFiles files = new StateFiles(directory);
    files.write("key", new byte[] {1});
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(files.path("key"))))
        .isEqualTo("rw-------");
  }

  @Test
  void aWriteThatWasCutOffLeavesTheOldContent() throws IOException {
    StateFiles files = new StateFiles(directory);
    files.write("a", "whole".getBytes(UTF_8));
    Files.writeString(directory.resolve(".a.new"), "ha");
    assertThat(files.read("a"))
        .hasValueSatisfying(b -> assertThat(b).asString(UTF_8).isEqualTo("whole"));
    files.write("a", "next".getBytes(UTF_8));
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).containsExactly(files.path("a"));
    }
  }
}
