package io.hostmesh.agent.outbound;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.util.Random;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class TraceHeadersTest {
  @Property
  void whatIsMadeIsWellFormed(@ForAll long seed) {
    HttpHeaders headers = new DefaultHttpHeaders();
    TraceHeaders.complete(headers, new Random(seed));
    String id = headers.get("x-request-id");
    assertThat(UUID.fromString(id)).hasToString(id);
    assertThat(UUID.fromString(id).version()).isEqualTo(4);
    assertThat(UUID.fromString(id).variant()).isEqualTo(2);
    assertThat(headers.get("traceparent"))
        .matches("00-[0-9a-f]{32}-[0-9a-f]{16}-00")
        .doesNotContain("0".repeat(16));
  }

  @Test
  void whatTheCallerSetIsPassedOn() {
    HttpHeaders headers = new DefaultHttpHeaders().set("X-Request-Id", "mine").set("B3", "0");
    TraceHeaders.complete(headers, new Random(1));
    assertThat(headers.entries()).hasSize(2);
    assertThat(headers.get("x-request-id")).isEqualTo("mine");
  }
}
