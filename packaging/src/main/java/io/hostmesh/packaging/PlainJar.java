package io.hostmesh.packaging;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.List;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * A library's jar as the distribution carries it: without signatures. The JVM keeps no class of a
 * signed jar in an AOT cache, and holds a manifest's digest of every class in memory; who checks
 * where these files come from checks the package that they came in.
 *
 * @param time what the copy carries as its time
 */
record PlainJar(Path jar, Instant time) {
  /** JAR File Specification, "Signed JAR File". */
  private static final Pattern SIGNATURE =
      Pattern.compile("META-INF/[^/]+\\.(SF|RSA|DSA|EC)", Pattern.CASE_INSENSITIVE);

  void copyTo(Path to) throws IOException {
    Path fresh = to.resolveSibling(to.getFileName() + ".new");
    try (JarFile from = new JarFile(jar.toFile(), false)) {
      if (from.stream().anyMatch(PlainJar::isSignature)) {
        rewrite(from, fresh);
      } else {
        Files.copy(jar, fresh, StandardCopyOption.REPLACE_EXISTING);
      }
    }
    Files.setLastModifiedTime(fresh, FileTime.from(time));
    Files.move(fresh, to, StandardCopyOption.ATOMIC_MOVE);
  }

  private static boolean isSignature(ZipEntry entry) {
    return SIGNATURE.matcher(entry.getName()).matches();
  }

  private void rewrite(JarFile from, Path to) throws IOException {
    List<? extends ZipEntry> entries = Collections.list(from.entries());
    try (OutputStream file = new BufferedOutputStream(Files.newOutputStream(to));
        ZipOutputStream zip = new ZipOutputStream(file)) {
      for (ZipEntry entry : entries) {
        if (isSignature(entry)) {
          continue;
        }
        ZipEntry copy = new ZipEntry(entry.getName());
        copy.setTimeLocal(LocalDateTime.ofInstant(time, ZoneOffset.UTC));
        zip.putNextEntry(copy);
        if (entry.getName().equals(JarFile.MANIFEST_NAME)) {
          Manifest manifest = new Manifest(from.getManifest());
          manifest.getEntries().clear();
          manifest.write(zip);
        } else {
          try (InputStream bytes = from.getInputStream(entry)) {
            bytes.transferTo(zip);
          }
        }
        zip.closeEntry();
      }
    }
  }
}
