package io.hostmesh.e2e.packages;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The .rpm packages, by {@code rpm} itself on a root of their own: installed, verified, installed
 * once more, removed. The root is the Debian of the booted hosts, so what a package requires is
 * looked at and not resolved; what units do when systemd runs is told by {@link PackagesStory}.
 */
@Tag("full") // It needs the Debian of the hosts that boot.
class RpmStory {
  private static final Path PACKAGES =
      Path.of(System.getProperty("hostmesh.root", ".."), "packaging", "target").toAbsolutePath();
  private static final String VERSION = System.getProperty("hostmesh.version", "");
  private static final Duration SOON = Duration.ofMinutes(2);

  private static final Map<String, List<String>> REQUIRES =
      Map.of(
          "hostmesh-agent", List.of("iproute", "nftables", "shadow-utils"),
          "hostmesh-control", List.of("shadow-utils"),
          "hostmesh", List.of("iproute", "nftables"));

  @TempDir private Path folder;
  private Path root;

  @BeforeEach
  void layOver() throws Exception {
    root = folder.resolve("root");
    Path debian = DebianRoot.ready();
    // In memory: the upper layer of an overlay cannot be on another one, as /tmp may be.
    host("mount -t tmpfs tmpfs '" + folder + "'");
    host("cd '" + folder + "' && mkdir upper work root");
    host(
        "cd '%s' && mount -t overlay -o lowerdir='%s',upperdir=upper,workdir=work overlay root"
            .formatted(folder, debian));
    host("mount -t proc proc '" + root + "/proc'"); // Where programs find what lies beside them.
  }

  @AfterEach
  void takeAway() throws Exception {
    host("umount --recursive '" + root + "'; umount '" + folder + "'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"hostmesh-agent", "hostmesh-control", "hostmesh"})
  void itIsInstalledAndRemovedWithoutATrace(String name) throws Exception {
    Path file = file(name);
    List<String> required = host("rpm -qp --requires " + file).lines().toList();
    assertThat(required).containsAll(Objects.requireNonNull(REQUIRES.get(name)));
    String before = inside(TRACES);

    rpm("--install --nodeps " + file);

    // Size, mode, owner, digest and time of each file are what the package says.
    assertThat(rpm("--verify --nodeps " + name)).isEmpty();
    String home = "/usr/lib/" + name;
    for (String command : inside("ls " + home + "/bin | grep -v ended").lines().toList()) {
      // A JVM that must have its cache does not start where it does not fit.
      String cached =
          "[ ! -e "
              + home
              + "/aot/"
              + command
              + ".aot ] || export HOSTMESH_JAVA_FLAGS=-XX:AOTMode=on; ";
      assertThat(inside(cached + home + "/bin/" + command + " --version"))
          .isEqualTo(command + " " + VERSION + "\n");
    }

    rpm("--erase --nodeps " + name);

    assertThat(inside(TRACES)).isEqualTo(before);
  }

  @Test
  void anEditedConfigurationOutlivesAnotherInstallation() throws Exception {
    rpm("--install --nodeps " + file("hostmesh-agent"));
    inside("echo '# mine' >> /etc/hostmesh/agent.conf");

    rpm("--upgrade --replacepkgs --nodeps " + file("hostmesh-agent"));

    assertThat(inside("tail -n 1 /etc/hostmesh/agent.conf")).isEqualTo("# mine\n");
    assertThat(inside("id -un hostmesh-agent")).isEqualTo("hostmesh-agent\n");
  }

  @Test
  void theKeysOfTheCertificateAuthorityAreLeftAndSaid() throws Exception {
    rpm("--install --nodeps " + file("hostmesh-control"));
    inside(
        "install -d -o hostmesh-citadel -m 700 /var/lib/hostmesh-citadel"
            + " && echo key > /var/lib/hostmesh-citadel/root.key");

    String said = rpm("--erase --nodeps hostmesh-control");

    assertThat(said).contains("keys are left in /var/lib/hostmesh-citadel");
    assertThat(inside("stat -c '%U %a' /var/lib/hostmesh-citadel")).isEqualTo("root 700\n");
    assertThat(inside("cat /var/lib/hostmesh-citadel/root.key")).isEqualTo("key\n");
    assertThat(inside("cat /etc/passwd /etc/group")).doesNotContain("hostmesh");
  }

  /** Files and folders, but rpm's own and the copies that useradd keeps; users and groups. */
  private static final String TRACES =
      "find / -xdev -not -path '/var/lib/rpm*' -not -path '/root/.rpmdb*' -not -path '/etc/*-' -not -path '/proc/*'"
          + " -not -path '/tmp/*' | sort; cat /etc/passwd /etc/group";

  private Path file(String name) throws Exception {
    Path file = PACKAGES.resolve(name + "-" + VERSION + "-1." + host("uname -m").strip() + ".rpm");
    assertThat(Files.exists(file)).as(file + " is there: mvn package makes it").isTrue();
    return file;
  }

  private String rpm(String arguments) throws Exception {
    return host("rpm --root '" + root + "' " + arguments);
  }

  private String inside(String script) throws Exception {
    return Shell.ok(SOON, List.of("chroot", root.toString(), "/bin/sh", "-c", script));
  }

  private static String host(String script) throws Exception {
    return Shell.ok(SOON, List.of("sh", "-c", script));
  }
}
