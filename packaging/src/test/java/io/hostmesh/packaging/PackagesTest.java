package io.hostmesh.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveInputStream;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.eclipse.packager.rpm.parse.RpmInputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the made packages hold; run after the phase that makes them. */
@Tag("packages")
class PackagesTest {
  private static final Path TARGET =
      Path.of(System.getProperty("hostmesh.root", ".."), "packaging", "target");
  private static final String VERSION = System.getProperty("hostmesh.version", "");

  /** A file's mode, and its content where that is small. */
  private record Entry(int mode, long owner, String text) {
    /** A symbolic link, whose mode nobody asks for. */
    boolean isLink() {
      return (mode & 0170000) == 0120000;
    }
  }

  @ParameterizedTest
  @EnumSource(Product.class)
  void aDebianPackageHoldsItsProgramsAndNothingOfOthers(Product product) throws IOException {
    Map<String, Entry> files = deb(product, "data.tar.gz");

    holdsItsPrograms(product, files);
    Map<String, Entry> control = deb(product, "control.tar.gz");
    assertThat(entry(control, "control").text())
        .contains("Package: " + product.packageName() + "\n");
    for (String script : List.of("postinst", "prerm", "postrm")) {
      assertThat(entry(control, script).mode() & 0777).isEqualTo(0755);
      assertThat(entry(control, script).text()).startsWith("#!/bin/sh\n").doesNotContain("@");
    }
    assertThat(conffiles(control))
        .containsExactlyInAnyOrderElementsOf(
            files.keySet().stream()
                .filter(f -> f.endsWith(".conf") && f.startsWith("etc/"))
                .map(f -> "/" + f)
                .toList());
  }

  @ParameterizedTest
  @EnumSource(Product.class)
  void anRpmPackageHoldsTheSame(Product product) throws IOException {
    Map<String, Entry> files = rpm(product);

    holdsItsPrograms(product, files);
    assertThat(files).doesNotContainKeys("usr", "usr/bin", "usr/lib", "etc");
    assertThat(leaves(files)).isEqualTo(leaves(deb(product, "data.tar.gz")));
  }

  @ParameterizedTest
  @EnumSource(Product.class)
  void itsRuntimeRunsItsPrograms(Product product) throws Exception {
    Path home =
        TARGET.resolve("stage/" + product.packageName() + "/root/usr/lib/" + product.packageName());
    for (Program program : product.programs()) {
      ProcessBuilder command =
          new ProcessBuilder(home.resolve("bin").resolve(program.command()).toString(), "--version")
              .redirectErrorStream(true);
      if (product.cached().contains(program)) {
        // A JVM that must have its cache does not start where it does not fit.
        command.environment().put("HOSTMESH_JAVA_FLAGS", "-XX:AOTMode=on");
      }
      Process process = command.start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(said).isEqualTo(program.command() + " " + VERSION + "\n");
      assertThat(process.exitValue()).isZero();
    }
  }

  private static void holdsItsPrograms(Product product, Map<String, Entry> files) {
    String home = "usr/lib/" + product.packageName();
    List<String> executables =
        new ArrayList<>(List.of(home + "/runtime/bin/java", home + "/runtime/lib/jspawnhelper"));
    for (Program program : product.programs()) {
      executables.add(home + "/bin/" + program.command());
      assertThat(files).containsKey(home + "/lib/" + program.command() + ".jar");
      assertThat(files.containsKey(home + "/aot/" + program.command() + ".aot"))
          .as("AOT cache of " + program)
          .isEqualTo(product.cached().contains(program));
    }
    for (String executable : executables) {
      assertThat(files).containsKey(executable);
      assertThat(entry(files, executable).mode() & 0777).as(executable).isEqualTo(0755);
    }
    for (Program daemon : product.daemons()) {
      assertThat(files).containsKey("usr/lib/systemd/system/" + daemon.command() + ".service");
      assertThat(files).containsKey("etc/" + daemon.command().replace('-', '/') + ".conf");
      assertThat(files).containsKey("usr/bin/" + daemon.command());
    }
    assertThat(files)
        .allSatisfy(
            (file, entry) -> {
              assertThat(entry.owner()).as("owner of " + file).isZero();
              if (!entry.isLink()) {
                assertThat(entry.mode() & 07022).as("others may not write " + file).isZero();
              }
            });
  }

  private static Entry entry(Map<String, Entry> files, String name) {
    return Objects.requireNonNull(files.get(name), name);
  }

  /** Files and links, without folders. */
  private static List<String> leaves(Map<String, Entry> files) {
    return files.keySet().stream()
        .filter(f -> files.keySet().stream().noneMatch(o -> o.startsWith(f + "/")))
        .filter(f -> !f.endsWith("services.d"))
        .toList();
  }

  private static List<String> conffiles(Map<String, Entry> control) {
    return Optional.ofNullable(control.get("conffiles"))
        .map(e -> e.text().lines().toList())
        .orElse(List.of());
  }

  private static Map<String, Entry> deb(Product product, String part) throws IOException {
    Path file =
        TARGET.resolve(
            product.packageName() + "_" + VERSION + "_" + Staging.debianArchitecture() + ".deb");
    try (ArArchiveInputStream ar =
        new ArArchiveInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
      ArArchiveEntry entry = ar.getNextEntry();
      while (!entry.getName().equals(part)) {
        entry = ar.getNextEntry();
      }
      return tar(new ByteArrayInputStream(ar.readAllBytes()));
    }
  }

  private static Map<String, Entry> tar(InputStream in) throws IOException {
    Map<String, Entry> files = new TreeMap<>();
    try (TarArchiveInputStream tar = new TarArchiveInputStream(new GzipCompressorInputStream(in))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        String text =
            entry.getSize() < 64_000 ? new String(tar.readAllBytes(), StandardCharsets.UTF_8) : "";
        files.put(path(entry.getName()), new Entry(entry.getMode(), entry.getLongUserId(), text));
      }
    }
    return files;
  }

  private static Map<String, Entry> rpm(Product product) throws IOException {
    Path file = TARGET.resolve(Rpm.fileName(product, VERSION));
    Map<String, Entry> files = new TreeMap<>();
    try (RpmInputStream rpm =
        new RpmInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
      rpm.getPayloadHeader(); // Reads up to the payload: there is no stream before.
      CpioArchiveInputStream cpio = rpm.getCpioStream();
      for (CpioArchiveEntry entry = cpio.getNextEntry();
          entry != null;
          entry = cpio.getNextEntry()) {
        files.put(path(entry.getName()), new Entry((int) entry.getMode(), entry.getUID(), ""));
      }
    }
    return files;
  }

  private static String path(String name) {
    String path = name.startsWith("./") ? name.substring(2) : name.replaceFirst("^/", "");
    return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }
}
