package io.hostmesh.e2e.packages;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A Debian that boots, with what the packages depend on and with small servers: made once by
 * debootstrap in {@code ${HOSTMESH_CACHE:-~/.cache/hostmesh}/debian-root}, outside the work tree,
 * and made anew where it is broken or of another recipe. Hosts never write to it.
 */
final class DebianRoot {
  private static final String SUITE = "bookworm";
  private static final String PACKAGES =
      "systemd,systemd-sysv,dbus,iproute2,nftables,iptables,busybox,curl,procps,passwd,ca-certificates";
  private static final List<String> NEEDED =
      List.of(
          "usr/bin/systemctl",
          "usr/sbin/nft",
          "usr/bin/curl",
          "usr/bin/busybox",
          "usr/sbin/useradd");

  private DebianRoot() {}

  /** The folder, ready. */
  static Path ready() throws IOException, InterruptedException {
    Path cache =
        Optional.ofNullable(System.getenv("HOSTMESH_CACHE"))
            .map(Path::of)
            .orElse(Path.of(System.getProperty("user.home"), ".cache", "hostmesh"));
    Path root = cache.resolve("debian-root");
    if (!isWhole(root)) {
      Files.createDirectories(cache);
      delete(root);
      Path unfinished = cache.resolve("debian-root.unfinished");
      delete(unfinished);
      Shell.ok(
          Duration.ofMinutes(10),
          List.of(
              "debootstrap",
              "--variant=minbase",
              "--include=" + PACKAGES,
              SUITE,
              unfinished.toString()));
      Files.writeString(recipe(unfinished), recipe());
      Files.move(unfinished, root);
    }
    return root;
  }

  private static boolean isWhole(Path root) throws IOException {
    return Files.isRegularFile(recipe(root))
        && Files.readString(recipe(root)).equals(recipe())
        && NEEDED.stream().map(root::resolve).allMatch(Files::isExecutable);
  }

  private static Path recipe(Path root) {
    return root.resolve("etc/recipe-of-this-root");
  }

  private static String recipe() {
    return SUITE + " " + PACKAGES + "\n";
  }

  private static void delete(Path folder) throws IOException, InterruptedException {
    Shell.ok(Duration.ofMinutes(2), List.of("rm", "-rf", "--one-file-system", folder.toString()));
  }
}
