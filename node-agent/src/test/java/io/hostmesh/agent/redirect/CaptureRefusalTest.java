package io.hostmesh.agent.redirect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.runtime.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Hosts that lack something, played by tools of ours. */
class CaptureRefusalTest {
  @TempDir Path folder;

  private Tools tools(Map<String, String> scripts) throws Exception {
    Path bin = Files.createDirectories(folder.resolve("bin"));
    for (Map.Entry<String, String> script : scripts.entrySet()) {
      Path file = bin.resolve(script.getKey());
      Files.writeString(file, "#!/bin/sh\n" + script.getValue() + "\n");
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    return new Tools(List.of(bin), Map.of());
  }

  private static final String NO_NFT =
      "echo 'netlink: Error: cache initialization failed: Protocol not supported' >&2; exit 1";

  @Test
  void aKernelWithoutNftIsNamedAndSoIsTheWayOut() throws Exception {
    Tools tools = tools(Map.of("nft", NO_NFT, "iptables-save", ":", "iptables-restore", ":"));

    assertThatThrownBy(() -> Capture.open(CaptureBackend.NFT, folder, tools))
        .isInstanceOf(UserError.class)
        .hasMessage(
            "capture: capture.backend = nft, but this kernel has no nftables for us, nft says:"
                + " netlink: Error: cache initialization failed: Protocol not supported; load it"
                + " (modprobe nf_tables) or set capture.backend = iptables");
    assertThat(Capture.open(CaptureBackend.AUTO, folder, tools).backend())
        .isEqualTo(CaptureBackend.IPTABLES);
  }

  @Test
  void aHostWithoutAnyToolIsToldWhatToInstall() throws Exception {
    Tools tools = tools(Map.of());

    assertThatThrownBy(() -> Capture.open(CaptureBackend.AUTO, folder, tools))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("apt install nftables")
        .hasMessageContaining("apt install iptables");
    assertThatThrownBy(() -> Capture.open(CaptureBackend.IPTABLES, folder, tools))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("capture.backend = iptables, but iptables is not installed");
  }

  @Test
  void capabilitiesAreReadAndMissedOnesNamed() {
    Capabilities root =
        Capabilities.parse(List.of("Uid:\t0\t0\t0\t0", "CapEff:\t1000", "CapAmb:\t0"));
    root.requireNetAdmin();
    Capabilities user =
        Capabilities.parse(List.of("Uid:\t7\t7\t7\t7", "CapEff:\t1000", "CapAmb:\t0"));
    assertThatThrownBy(user::requireNetAdmin)
        .isInstanceOf(UserError.class)
        .hasMessageContaining("make it ambient");
  }
}
