package io.hostmesh.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.ServiceName;
import io.hostmesh.registry.testing.RealConsul;
import io.hostmesh.registry.testing.RegistryUnderTest;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class RealConsulContractTest extends RegistryContract {
  @Override
  RegistryUnderTest startServer() {
    return RealConsul.start();
  }

  private void registerWithAgent(String body) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create("http://" + address() + "/v1/agent/service/register"))
              .PUT(HttpRequest.BodyPublishers.ofString(body))
              .build();
      HttpResponse<String> answer = client.send(request, HttpResponse.BodyHandlers.ofString());
      assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    }
  }

  @Test
  void consulsOwnVirtualAddressIsFound() throws Exception {
    registerWithAgent("{\"Name\": \"native\", \"Port\": 8081, \"Connect\": {\"Native\": true}}");
    Optional<String> address = Optional.empty();
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (address.isEmpty() && System.nanoTime() < end) {
      address = registry().consulVirtualIps().of("native").get(10, TimeUnit.SECONDS);
    }
    assertThat(address).hasValueSatisfying(found -> assertThat(found).startsWith("240."));
  }

  @Test
  void consulsSidecarsAreNoServicesOfTheMesh() throws Exception {
    registerWithAgent(
        "{\"Name\": \"framed\", \"Port\": 8082, \"Connect\": {\"SidecarService\": {}}}");
    Heard<Catalog> heard = new Heard<>();
    try (Watch _ = registry().watchCatalog(heard)) {
      Catalog catalog =
          heard.await(
              Duration.ofSeconds(20), c -> !c.instances(ServiceName.of("framed")).isEmpty());
      assertThat(catalog.instances(ServiceName.of("framed-sidecar-proxy"))).isEmpty();
    }
  }
}
