package io.hostmesh.packaging;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;

/** A Java runtime of the modules that the programs need, linked by {@code jlink}. */
record JavaRuntime(Path folder, Instant time) {
  /**
   * What {@code jdeps} finds the jars to need, and what they find only while they run: elliptic
   * curves for TLS, DNS through JNDI, the operating system's figures.
   */
  static final List<String> MODULES =
      List.of(
          "java.base",
          "java.logging",
          "java.management",
          "java.naming",
          "java.xml",
          "jdk.crypto.ec",
          "jdk.management",
          "jdk.net",
          "jdk.unsupported");

  /**
   * The security providers that these modules have and the programs use. A name in the list that no
   * module answers makes the JVM look for it in every jar, and start Bouncy Castle's on the way.
   */
  private static final List<String> PROVIDERS =
      List.of("SUN", "SunRsaSign", "SunEC", "SunJSSE", "SunJCE");

  private static final String PROVIDER_KEY = "security.provider.";

  /** Links it unless the folder has just this runtime already. */
  void link() throws IOException {
    String wanted = System.getProperty("java.runtime.version") + " " + MODULES + " " + PROVIDERS;
    Path mark = folder.resolveSibling("runtime.made-of");
    if (Files.exists(mark) && Files.readString(mark).equals(wanted)) {
      return;
    }
    Trees.delete(folder);
    ToolProvider jlink =
        ToolProvider.findFirst("jlink")
            .orElseThrow(() -> new IllegalStateException("this JDK has no jlink"));
    PrintWriter out = new PrintWriter(System.out, true, Charset.defaultCharset());
    int status =
        jlink.run(
            out,
            out,
            "--add-modules",
            String.join(",", MODULES),
            "--strip-debug",
            "--no-header-files",
            "--no-man-pages",
            "--compress",
            "zip-6",
            "--output",
            folder.toString());
    if (status != 0) {
      throw new IllegalStateException("jlink ended with status " + status);
    }
    nameProviders(folder.resolve("conf/security/java.security"));
    // AOT caches compare it; packages carry it.
    Files.setLastModifiedTime(folder.resolve("lib/modules"), FileTime.from(time));
    Files.writeString(mark, wanted);
  }

  private static void nameProviders(Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line : Files.readAllLines(file)) {
      if (!line.startsWith(PROVIDER_KEY)) {
        lines.add(line);
      }
    }
    for (int i = 0; i < PROVIDERS.size(); i++) {
      lines.add(PROVIDER_KEY + (i + 1) + "=" + PROVIDERS.get(i));
    }
    Files.write(file, lines);
  }

  Path java() {
    return folder.resolve("bin/java");
  }
}
