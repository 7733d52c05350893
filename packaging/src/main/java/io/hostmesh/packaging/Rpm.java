package io.hostmesh.packaging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.eclipse.packager.rpm.FileFlags;
import org.eclipse.packager.rpm.RpmVersion;
import org.eclipse.packager.rpm.build.BuilderContext;
import org.eclipse.packager.rpm.build.BuilderOptions;
import org.eclipse.packager.rpm.build.DigestAlgorithm;
import org.eclipse.packager.rpm.build.FileInformation;
import org.eclipse.packager.rpm.build.RpmBuilder;
import org.eclipse.packager.rpm.coding.PayloadCoding;

/**
 * Writes a staged package as .rpm. The Maven plugin around the same library knows one level of
 * compression, the highest: four times as long, for 2 % less.
 *
 * @param stage what {@link Staging} laid out, each package in a folder of its name
 * @param target where the packages go
 * @param version of the product; the release is always 1
 * @param time of every file: AOT caches compare that of jars
 */
record Rpm(Path stage, Path target, String version, Instant time) {
  private static final String RELEASE = "1";

  /** Of gzip, which every rpm reads: 1 is the fastest, 9 the smallest. */
  private static final String LEVEL = "4";

  /** Writes one package, over an earlier one of its name. */
  void write(Product product) throws IOException {
    String name = product.packageName();
    Path file = target.resolve(fileName(product, version));
    BuilderOptions options = new BuilderOptions();
    options.setPayloadCoding(PayloadCoding.GZIP);
    options.setPayloadFlags(LEVEL);
    options.setFileDigestAlgorithm(DigestAlgorithm.SHA256);
    options.setOpenOptions(
        new StandardOpenOption[] {
          StandardOpenOption.CREATE,
          StandardOpenOption.TRUNCATE_EXISTING,
          StandardOpenOption.READ,
          StandardOpenOption.WRITE
        });
    try (RpmBuilder rpm =
        new RpmBuilder(name, new RpmVersion(version, RELEASE), architecture(), file, options)) {
      describe(rpm.getInformation(), product);
      product.requires().forEach(needed -> rpm.addRequirement(needed, ""));
      Path control = stage.resolve(name).resolve("control");
      rpm.setPostInstallationScript("/bin/sh", Files.readString(control.resolve("postinst")));
      rpm.setPreRemoveScript("/bin/sh", Files.readString(control.resolve("prerm")));
      rpm.setPostRemoveScript("/bin/sh", Files.readString(control.resolve("postrm")));
      add(rpm.newContext(), product, stage.resolve(name).resolve("root"));
      rpm.build();
    }
  }

  static String fileName(Product product, String version) {
    return "%s-%s-%s.%s.rpm".formatted(product.packageName(), version, RELEASE, architecture());
  }

  private static String architecture() {
    String architecture = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    return architecture.equals("amd64") ? "x86_64" : architecture;
  }

  private static void describe(RpmBuilder.PackageInformation about, Product product) {
    about.setSummary(product.summary());
    about.setDescription(product.summary() + ".");
    about.setVendor("Hostmesh");
    about.setLicense("Apache-2.0");
    about.setGroup("System Environment/Daemons");
    about.setOperatingSystem("linux");
    about.setBuildHost("localhost"); // The same package from every machine.
  }

  private void add(BuilderContext to, Product product, Path root) throws IOException {
    List<Path> all;
    try (Stream<Path> walk = Files.walk(root)) {
      all = walk.sorted().toList();
    }
    for (Path path : all) {
      String name = "/" + root.relativize(path);
      if (Files.isSymbolicLink(path)) {
        to.addSymbolicLink(
            name, Files.readSymbolicLink(path).toString(), (_, _, _) -> information(0777));
      } else if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
        if (isItsOwn(name, product)) {
          to.addDirectory(name, (_, _, _) -> information(0755));
        }
      } else {
        FileInformation about = information(Files.isExecutable(path) ? 0755 : 0644);
        if (name.startsWith("/etc/")) {
          about.setFileFlags(EnumSet.of(FileFlags.CONFIGURATION, FileFlags.NOREPLACE));
        }
        to.addFile(name, path, (_, _, _) -> about);
      }
    }
  }

  /** Those of the system belong to other packages. */
  private static boolean isItsOwn(String folder, Product product) {
    return Stream.of("hostmesh", product.packageName())
        .anyMatch(own -> (folder + "/").contains("/" + own + "/"));
  }

  private FileInformation information(int mode) {
    FileInformation about = new FileInformation();
    about.setUser("root");
    about.setGroup("root");
    about.setMode((short) mode);
    about.setTimestamp(time);
    return about;
  }
}
