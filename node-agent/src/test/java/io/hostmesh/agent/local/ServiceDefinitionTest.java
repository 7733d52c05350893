package io.hostmesh.agent.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.HoconException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServiceDefinitionTest {
  private static final String WORKLOAD = "workload { unit = \"web.service\" }";

  private static ServiceDefinition parse(String service) {
    return ServiceDefinition.parse("web.conf", "service { " + service + " }");
  }

  @Test
  void readsTheSample() {
    ServiceDefinition sample = ServiceDefinition.read(Path.of("../config/services.d/web.conf"));

    assertThat(sample.name()).isEqualTo(ServiceName.of("web"));
    assertThat(sample.upstreams()).containsExactly(ServiceName.of("greeter"));
    ServiceDefinition.Listener listener = sample.listener().orElseThrow();
    assertThat(listener.port()).isEqualTo(8080);
    assertThat(listener.instance()).isEqualTo("p8080");
    assertThat(listener.protocol()).isEqualTo(Protocol.HTTP);
    assertThat(listener.meta()).containsExactlyEntriesOf(Map.of("version", "v1"));
    assertThat(listener.checks())
        .containsExactly(
            new HealthCheck(
                new CheckKind.Http("/healthz"),
                Duration.ofSeconds(5),
                Duration.ofSeconds(1),
                1,
                2));
    assertThat(sample.workload().unit()).contains("web.service");
  }

  @Test
  void aServiceThatOnlyCallsHasNoListener() {
    assertThat(parse("name = batch, " + WORKLOAD).listener()).isEmpty();
  }

  @Test
  void defaultsAreAPortCheckEverySecondAndAnIdFromThePort() {
    ServiceDefinition.Listener listener =
        parse("name = web, port = 80, " + WORKLOAD).listener().orElseThrow();

    assertThat(listener.checks()).containsExactly(HealthCheck.DEFAULT);
    assertThat(listener.instance()).isEqualTo("p80");
    assertThat(listener.protocol()).isEqualTo(Protocol.AUTO);
    assertThat(listener.application().getAddress().isLoopbackAddress()).isTrue();
  }

  @Test
  void readsEveryKindOfCheck() {
    List<CheckKind> kinds =
        parse(
                "name = web, port = 80, checks = [ { http = /x }, { tcp = true }, { grpc = \"\" },"
                    + " { command = [ test, -e, /x ] } ], "
                    + WORKLOAD)
            .listener()
            .orElseThrow()
            .checks()
            .stream()
            .map(HealthCheck::kind)
            .toList();

    assertThat(kinds)
        .containsExactly(
            new CheckKind.Http("/x"),
            new CheckKind.Tcp(),
            new CheckKind.Grpc(""),
            new CheckKind.Command(List.of("test", "-e", "/x")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "name = web, prot = 80, @W | web.conf:1: service.prot: unknown key; did you mean \"port\"?",
        "name = web, port = 0, @W | web.conf:1: service.port: 0 is not within 1 to 65535",
        "name = web, port = 65536, @W | web.conf:1: service.port: 65536 is not within 1 to 65535",
        "name = web, port = http, @W | web.conf:1: service.port: expected a whole number",
        "port = 80, @W | service.name: is required",
        "name = Web, @W | web.conf:1: service.name:",
        "name = web, namespace = A, @W | web.conf:1: service.namespace:",
        "name = web, port = 80 | service.workload: is required",
        "name = web, workload {} | web.conf:1: service.workload: a workload needs",
        "name = web, workload { gid = 1 } | service.workload",
        "name = web, protocol = http, @W | web.conf:1: service.protocol: is of no use without port",
        "name = web, port = 80, protocol = ftp, @W | web.conf:1: service.protocol: \"ftp\" is not a protocol",
        "name = web, port = 80, address = localhost, @W | web.conf:1: service.address:",
        "name = web, port = 80, id = a_b, @W | web.conf:1: service.id:",
        "name = web, port = 80, meta { hostmesh-x = 1 }, @W | web.conf:1: service.meta: the key hostmesh-x is the mesh's own",
        "name = web, upstreams = [ A ], @W | web.conf:1: service.upstreams:",
        "name = web, port = 80, checks = [ {} ], @W | a check is one of",
        "name = web, port = 80, checks = [ { tcp = true, http = /x } ], @W | this is several",
        "name = web, port = 80, checks = [ { http = x } ], @W | service.checks[0].http: the path \"x\" does not begin with /",
        "name = web, port = 80, checks = [ { tcp = true, interval = 5 } ], @W | 5 has no unit",
        "name = web, port = 80, checks = [ { tcp = true, interval = 1ms } ], @W | shorter than 100ms",
        "name = web, port = 80, checks = [ { tcp = true, intervall = 1s } ], @W | did you mean \"interval\"?",
        "name = web, port = 80, checks = [ { command = [] } ], @W | service.checks[0].command: is empty",
      })
  void refusesWhatCannotBeUsed(String service, String message) {
    assertThatThrownBy(() -> parse(service.replace("@W", WORKLOAD)))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
  }

  @Test
  void refusesADocumentWithoutAService() {
    assertThatThrownBy(() -> ServiceDefinition.parse("x.conf", ""))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining("x.conf")
        .hasMessageContaining("has no service { ... }");
  }
}
