package io.hostmesh.agent.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class AccessLogTest {
  @Property
  void anyTextIsOneLineOfJson(@ForAll String value) {
    String line = new JsonLine().add("n", 3).add("path", value).end();
    assertThat(line).doesNotContain("\n").doesNotContain("\r");
    JsonObject read = new JsonObject(line);
    assertThat(read.getString("path")).isEqualTo(value);
    assertThat(read.getLong("n")).isEqualTo(3);
  }

  @Test
  void linesAreWrittenInTheirOrder() throws Exception {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (StreamAccessLog log = new StreamAccessLog(out)) {
      for (int i = 0; i < 1000; i++) {
        log.write("{" + i + "}");
      }
    }
    assertThat(out.toString(StandardCharsets.UTF_8).lines()).hasSize(1000).endsWith("{999}");
  }
}
