package io.hostmesh.agent.redirect;

import io.hostmesh.runtime.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A shell process that outlives this one, notices its end by the end of its own input, and opens
 * the host's questions for names unless a later guard has taken over by then.
 */
final class DnsGuard {
  private final Tools tools;
  private final Path token;
  private @Nullable Process process;

  DnsGuard(Tools tools, Path folder) {
    this.tools = tools;
    this.token = folder.resolve("dns-guard");
  }

  /** Starts it, once; not for several threads. */
  void start(Duration patience, List<String> opening) {
    if (process != null && process.isAlive()) {
      return;
    }
    String id = UUID.randomUUID().toString();
    String script =
        "trap '' TERM INT HUP; PATH=\"$3\"; export PATH; cat > /dev/null; sleep %d.%03d;%n"
                .formatted(patience.toSeconds(), patience.toMillisPart())
            + "[ ! -e \"$1\" ] || [ \"$(cat \"$1\")\" = \"$2\" ] || exit 0\nrm -f \"$1\"\n"
            + String.join("", opening);
    try {
      Files.createDirectories(token.getParent());
      Files.writeString(token, id);
      process =
          tools
              .detached(
                  script, "hostmesh-capture-dns-guard", token.toString(), id, tools.searchPath())
              .start();
    } catch (IOException e) {
      throw new UserError("capture: cannot guard the host's name resolution: " + e, e);
    }
  }
}
