package io.hostmesh.packaging;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The folder of jars: each jar once, and for each program a jar without classes whose manifest
 * names the program's class path in a fixed order, which an AOT cache relies on.
 *
 * @param folder where the jars go
 * @param time what every jar carries as its time: AOT caches compare it, packages keep it
 */
record Library(Path folder, Instant time) {

  /**
   * Fills the folder.
   *
   * @param modules the project's folder of modules, each built
   * @return each program's jars, in the order of its class path
   */
  Map<Program, List<String>> fill(Path modules, String version) throws IOException {
    Files.createDirectories(folder);
    Map<Program, List<String>> classPaths = new EnumMap<>(Program.class);
    Set<String> wanted = new HashSet<>();
    for (Program program : Program.values()) {
      List<String> names = new ArrayList<>();
      for (Path jar : jars(modules.resolve(program.module()), version)) {
        String name = jar.getFileName().toString();
        if (wanted.add(name)) {
          new PlainJar(jar, time).copyTo(folder.resolve(name));
        }
        names.add(name);
      }
      String own = program.command() + ".jar";
      writeClassPath(folder.resolve(own), names);
      wanted.add(own);
      names.addFirst(own);
      classPaths.put(program, List.copyOf(names));
    }
    removeOthers(wanted);
    return classPaths;
  }

  private static List<Path> jars(Path module, String version) throws IOException {
    Path target = module.resolve("target");
    Path own = target.resolve("hostmesh-" + module.getFileName() + "-" + version + ".jar");
    try {
      String others = Files.readString(target.resolve("runtime.classpath")).strip();
      return Stream.concat(Stream.of(own), Arrays.stream(others.split(":", -1)).map(Path::of))
          .filter(jar -> !isOfAnotherMachine(jar.getFileName().toString()))
          .toList();
    } catch (NoSuchFileException e) {
      throw new IllegalStateException(
          e.getMessage() + " is missing; build the whole project: mvn package", e);
    }
  }

  /** Native code of an architecture that the Java runtime beside it is not of. */
  private static boolean isOfAnotherMachine(String jar) {
    String here = System.getProperty("os.arch").equals("amd64") ? "x86_64" : "aarch_64";
    return jar.contains("-linux-") && !jar.endsWith("-linux-" + here + ".jar");
  }

  private void writeClassPath(Path jar, List<String> names) throws IOException {
    Manifest manifest = new Manifest();
    Attributes attributes = manifest.getMainAttributes();
    attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    attributes.put(Attributes.Name.CLASS_PATH, String.join(" ", names));
    ZipEntry entry = new ZipEntry("META-INF/MANIFEST.MF");
    entry.setTimeLocal(LocalDateTime.ofInstant(time, ZoneOffset.UTC));
    try (OutputStream file = Files.newOutputStream(jar);
        ZipOutputStream zip = new ZipOutputStream(file)) {
      zip.putNextEntry(entry);
      manifest.write(zip);
      zip.closeEntry();
    }
    Files.setLastModifiedTime(jar, FileTime.from(time));
  }

  private void removeOthers(Set<String> wanted) throws IOException {
    try (Stream<Path> present = Files.list(folder)) {
      Set<Path> strays =
          present
              .filter(file -> !wanted.contains(file.getFileName().toString()))
              .collect(Collectors.toSet());
      for (Path stray : strays) {
        Files.delete(stray);
      }
    }
  }
}
