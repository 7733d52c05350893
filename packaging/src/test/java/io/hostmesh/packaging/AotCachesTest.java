package io.hostmesh.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of the caches of an earlier build. */
class AotCachesTest {
  private static final Map<Program, List<String>> JARS =
      Map.of(Program.AGENT, List.of("hostmesh-agent.jar"));

  @TempDir private Path folder;

  @BeforeEach
  void distribution() throws IOException {
    write("dist/lib/hostmesh-agent.jar", "classes");
    write("dist/runtime/release", "25");
    for (Program program : Program.values()) {
      write("dist/aot/" + program.command() + ".aot", "cache");
    }
    write("work/made-of", caches().madeOf(JARS));
  }

  private AotCaches caches() {
    return new AotCaches(
        folder.resolve("dist"), folder.resolve("training"), folder.resolve("work"));
  }

  private void write(String file, String text) throws IOException {
    Path path = folder.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  @Test
  void thoseThatFitStay() throws IOException {
    caches().removeUnlessTheyFit(JARS);

    assertThat(AotCaches.cache(folder.resolve("dist"), Program.AGENT)).exists();
  }

  @Test
  void thoseOfOtherJarsGo() throws IOException {
    write("dist/lib/hostmesh-agent.jar", "Classes");

    caches().removeUnlessTheyFit(JARS);

    assertThat(folder.resolve("dist/aot")).doesNotExist();
    assertThat(folder.resolve("work")).doesNotExist();
  }

  @Test
  void thoseOfWhichNobodyKnowsWhatTheyAreMadeOfGo() throws IOException {
    Files.delete(folder.resolve("work/made-of"));

    caches().removeUnlessTheyFit(JARS);

    assertThat(folder.resolve("dist/aot")).doesNotExist();
  }
}
