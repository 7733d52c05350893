package io.hostmesh.packaging;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A package's files as they will lie on a host, and what dpkg and rpm need to know beside them:
 * {@code <stage>/<package>/root} and {@code <stage>/<package>/control}.
 *
 * @param sources the packaging module's {@code src/main}
 * @param configs the project's reference configurations
 * @param dist the assembled distribution
 */
record Staging(Path sources, Path configs, Path dist, Path stage, String version) {

  /**
   * Lays out one package.
   *
   * @param jars each program's jars, in the order of its class path
   */
  void layOut(Product product, Map<Program, List<String>> jars) throws IOException {
    Path base = stage.resolve(product.packageName());
    Trees.delete(base);
    programs(product, base.resolve("root"), jars);
    units(product, base.resolve("root"));
    configuration(product, base.resolve("root"));
    documents(product, base.resolve("root"));
    control(product, base.resolve("control"));
  }

  private void programs(Product product, Path root, Map<Program, List<String>> jars)
      throws IOException {
    Path home = root.resolve("usr/lib").resolve(product.packageName());
    Set<String> libraries = new LinkedHashSet<>();
    for (Program program : product.programs()) {
      String command = program.command();
      link(dist.resolve("bin").resolve(command), home.resolve("bin").resolve(command));
      Path cache = AotCaches.cache(dist, program);
      if (product.cached().contains(program) && Files.exists(cache)) {
        link(cache, AotCaches.cache(home, program));
      }
      libraries.addAll(jars.getOrDefault(program, List.of()));
    }
    for (String library : libraries) {
      link(dist.resolve("lib").resolve(library), home.resolve("lib").resolve(library));
    }
    if (product == Product.AGENT) {
      link(
          sources.resolve("scripts/hostmesh-agent-ended.sh"),
          home.resolve("bin/hostmesh-agent-ended"));
    }
    Trees.link(dist.resolve("runtime"), home.resolve("runtime"));
    for (Program program : onPath(product)) {
      Path command = root.resolve("usr/bin").resolve(program.command());
      Files.createDirectories(command.getParent());
      Files.createSymbolicLink(
          command, Path.of("../lib", product.packageName(), "bin", program.command()));
    }
  }

  /** The command brings every program, but only its own name: the others are the daemons'. */
  private static List<Program> onPath(Product product) {
    return product == Product.COMMAND ? List.of(Program.COMMAND) : product.programs();
  }

  private void units(Product product, Path root) throws IOException {
    for (Program daemon : product.daemons()) {
      try (Stream<Path> units = Files.list(sources.resolve("systemd"))) {
        for (Path unit : units.sorted().toList()) {
          String name = unit.getFileName().toString();
          if (name.startsWith(daemon.command() + ".") || name.startsWith(daemon.command() + "-")) {
            link(unit, root.resolve("usr/lib/systemd/system").resolve(name));
          }
        }
      }
    }
  }

  private void configuration(Product product, Path root) throws IOException {
    for (Program daemon : product.daemons()) {
      String name = daemon.command().substring("hostmesh-".length()) + ".conf";
      link(configs.resolve(name), root.resolve("etc/hostmesh").resolve(name));
    }
    if (product == Product.AGENT) {
      Files.createDirectories(root.resolve("etc/hostmesh/services.d"));
    }
  }

  private void documents(Product product, Path root) throws IOException {
    Path folder = root.resolve("usr/share/doc").resolve(product.packageName());
    link(configs.resolveSibling("LICENSE"), folder.resolve("copyright"));
    link(configs.resolveSibling("CHANGELOG.md"), folder.resolve("CHANGELOG.md"));
  }

  private void control(Product product, Path control) throws IOException {
    Files.createDirectories(control);
    Files.writeString(
        control.resolve("control"),
        """
        Package: %s
        Version: %s
        Section: net
        Priority: optional
        Architecture: %s
        Maintainer: Hostmesh <packages@hostmesh.io>
        Depends: %s
        Description: %s
         Hostmesh is a service mesh for virtual machines and bare metal: one agent a host,
         Consul as the registry, no Kubernetes and no container runtime.
        """
            .formatted(
                product.packageName(),
                version,
                debianArchitecture(),
                product.depends(),
                product.summary()));
    script(product, "after-install.sh", control.resolve("postinst"));
    script(product, "before-removal.sh", control.resolve("prerm"));
    script(product, "after-removal.sh", control.resolve("postrm"));
  }

  static String debianArchitecture() {
    String architecture = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    return architecture.equals("aarch64") ? "arm64" : architecture;
  }

  private void script(Product product, String name, Path to) throws IOException {
    String users =
        product.daemons().stream().map(Program::command).collect(Collectors.joining(" "));
    Files.writeString(
        to,
        Files.readString(sources.resolve("scripts").resolve(name), StandardCharsets.UTF_8)
            .replace("@package@", product.packageName())
            .replace("@users@", users)
            .replace("@undo@", undo(product))
            .replace("@forget@", forget(product)));
    Files.setPosixFilePermissions(to, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static String undo(Product product) {
    return switch (product) {
      case AGENT -> "/usr/lib/hostmesh-agent/bin/hostmesh-agent capture disable --forget || true\n";
      case CONTROL -> "";
      case COMMAND -> "/usr/lib/hostmesh/bin/hostmesh lab down > /dev/null 2>&1 || true\n";
    };
  }

  /** What people and the getting-started page put beside the configuration. */
  private static String forget(Product product) {
    return switch (product) {
      case AGENT -> "rm -rf /etc/hostmesh/services.d /etc/hostmesh/node.token\n";
      case CONTROL -> "rm -f /etc/hostmesh/pilot.token\n";
      case COMMAND -> "";
    };
  }

  private static void link(Path from, Path to) throws IOException {
    Files.createDirectories(to.getParent());
    Files.createLink(to, from);
  }
}
