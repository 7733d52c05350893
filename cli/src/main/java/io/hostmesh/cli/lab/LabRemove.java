package io.hostmesh.cli.lab;

import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code hostmesh lab rm}. */
@Command(name = "rm", description = "Stop a service's program and take it out of the mesh.")
final class LabRemove implements Callable<Integer> {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @Parameters(index = "0", paramLabel = "HOST", description = "h1 to hN")
  private String host = "";

  @Parameters(index = "1", paramLabel = "SERVICE", description = "its name, or namespace/name")
  private String service = "";

  @Option(names = "--port", description = "only the instance at this port")
  private @Nullable Integer port;

  @Mixin private LabOption lab = new LabOption();

  @Override
  public Integer call() {
    JsonObject wish =
        new JsonObject().put("host", host).put("service", Names.service(service).full());
    if (port != null) {
      wish.put("port", port);
    }
    lab.supervisor().ask("POST", "/v1/rm", wish, LIMIT);
    System.out.println(service + " is gone from " + host);
    return 0;
  }
}
