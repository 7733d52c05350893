package io.hostmesh.runtime.testing;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Section;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReferenceConfigTest {
  @TempDir Path folder;

  private record Example(int size, Optional<String> name, boolean fast) {}

  private static Example read(Section section) {
    return new Example(
        section.integer("size", 1, 9, 3),
        section.section("inner").optionalString("name"),
        section.bool("fast", false));
  }

  private void judge(String text) throws IOException {
    Path file = Files.writeString(folder.resolve("example.conf"), text);
    ReferenceConfig.assertDescribes(file, ReferenceConfigTest::read);
  }

  @Test
  void anExactFileIsFine() throws IOException {
    judge(
        """
        # How many, 1 to 9.
        size = 3
        # Who.
        inner {
          # Not set by default.
          #name = "x"
        }
        fast = false # Whether it hurries.
        """);
  }

  @Test
  void aMissingKeyIsFound() {
    assertThatThrownBy(() -> judge("# How many.\nsize = 3\n# Speed.\nfast = false\n"))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("inner.name");
  }

  @Test
  void anotherDefaultIsFound() {
    assertThatThrownBy(
            () -> judge("# n\nsize = 4\n# n\nfast = false\n# n\ninner {\n  # n\n  #name = x\n}\n"))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("sets each key to its default");
  }

  @Test
  void anUnknownKeyIsFound() {
    assertThatThrownBy(() -> judge("# n\nsise = 3\n"))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining("size");
  }

  @Test
  void aKeyWithoutACommentIsFound() {
    assertThatThrownBy(
            () -> judge("size = 3\n# n\nfast = false\n# n\ninner {\n  # n\n  #name = x\n}\n"))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("without a comment");
  }
}
