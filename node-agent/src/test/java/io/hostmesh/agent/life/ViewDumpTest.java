package io.hostmesh.agent.life;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.rules.RuleParser;
import io.hostmesh.model.rules.Upstream;
import io.hostmesh.model.rules.UpstreamRule;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.Test;

class ViewDumpTest {
  private static JsonObject shown(Upstream upstream) {
    JsonObject json = new JsonObject();
    ViewDump.upstream(json, upstream);
    return json;
  }

  private static Upstream upstream(String sections) {
    return ((UpstreamRule)
            RuleParser.parse("u.conf", "kind = upstream, service = shop\n" + sections))
        .upstream();
  }

  @Test
  void allSectionsInForceAreShownAndNothingElse() {
    assertThat(shown(Upstream.NONE)).isEmpty();
    JsonObject json =
        shown(
            upstream(
                """
                balance { policy = maglev, hash-on = [ { header = x-user } ] }
                affinity { cookie = stay }
                locality { spill-over = 10% }
                limits { connections = 5, requests = 7 }
                outliers { consecutive-5xx = 3 }
                health-checks = [ { http = "/up" } ]
                """));
    assertThat(json.fieldNames())
        .containsExactly(
            "balance", "hashOn", "affinity", "locality", "limits", "outliers", "healthChecks");
    assertThat(json.getString("balance")).isEqualTo("maglev");
    assertThat(json.getJsonArray("hashOn").getString(0)).contains("x-user");
    assertThat(json.getString("affinity")).contains("stay");
    assertThat(json.getString("locality")).contains("10%");
    assertThat(json.getJsonObject("limits"))
        .isEqualTo(new JsonObject().put("connections", 5).put("requests", 7));
    assertThat(json.getString("outliers")).contains("consecutive5xx=3");
    assertThat(json.getJsonArray("healthChecks")).isInstanceOf(JsonArray.class).hasSize(1);
    assertThat(json.getJsonArray("healthChecks").getString(0)).contains("GET /up");
    assertThat(shown(upstream("balance { slow-start { window = 30s } }")).getString("slowStart"))
        .contains("PT30S");
  }
}
