package io.hostmesh.agent.authz;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.RuleParser;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AccessTableTest {
  private static final Optional<ServiceName> WEB = Optional.of(ServiceName.of("web"));

  private final AccessTable table =
      table("[ { from = web, methods = [ GET ], paths = [ \"/api/*\" ] }, { from = ops } ]");

  private static AccessTable table(String allow) {
    return AccessTable.compile(
        (AccessRule)
            RuleParser.parse("test", "kind = access, service = payments, allow = " + allow));
  }

  private static boolean allowed(Verdict verdict) {
    return verdict instanceof Verdict.Allowed;
  }

  @ParameterizedTest
  @CsvSource({
    "web, GET, /api/x, true",
    "web, GET, /api/, true",
    "web, POST, /api/x, false",
    "web, get, /api/x, false",
    "web, GET, /api, false",
    "web, GET, /admin, false",
    "ops, DELETE, /admin, true",
    "batch, GET, /api/x, false",
    "other/web, GET, /api/x, false",
  })
  void whatNoGrantAllowsIsDenied(String caller, String method, String path, boolean expected) {
    Verdict verdict = table.request(Optional.of(ServiceName.parse(caller)), method, path);
    assertThat(allowed(verdict)).isEqualTo(expected);
    if (verdict instanceof Verdict.Denied denied) {
      assertThat(denied.sentence()).contains("payments").contains(caller);
    }
  }

  @Test
  void nobodyIsNobody() {
    assertThat(allowed(table.request(Optional.empty(), "GET", "/api/x"))).isFalse();
    assertThat(allowed(table("[ { from = \"*\" } ]").connection(Optional.empty()))).isFalse();
  }

  @Test
  void connectionsAreJudgedByTheCallerAloneAndNeverWhereRequestsMatter() {
    AccessTable plain = table("[ { from = web } ]");
    assertThat(allowed(plain.connection(WEB))).isTrue();
    assertThat(allowed(plain.connection(Optional.of(ServiceName.of("batch"))))).isFalse();
    assertThat(allowed(table.connection(WEB))).isFalse();
    assertThat(allowed(table.connection(Optional.of(ServiceName.of("ops"))))).isFalse();
    assertThat(allowed(table("[]").connection(WEB))).isFalse();
    assertThat(allowed(table("[ { from = \"*\" } ]").connection(WEB))).isTrue();
  }

  @Property
  void noPathEverFails(@ForAll String path) {
    assertThat(table.request(WEB, "GET", "/api/" + path)).isNotNull();
    assertThat(RequestPath.of(path)).doesNotContain("?");
  }

  @Test
  void thePathIsThatOfTheTargetWhateverItsForm() {
    assertThat(RequestPath.of("/a/b?c#d")).isEqualTo("/a/b");
    assertThat(RequestPath.of("http://a/b/../c?d")).isEqualTo("/b/../c");
    assertThat(RequestPath.of("http://a")).isEqualTo("/");
    assertThat(RequestPath.of("http://a?/api/")).isEqualTo("/");
    assertThat(RequestPath.read("http://a/b/../c?d/../e"))
        .isEqualTo(new RequestPath.Reading.Normal("http://a/c?d/../e", "/c"));
    assertThat(RequestPath.read("/x/%7Ea?b"))
        .isEqualTo(new RequestPath.Reading.Normal("/x/~a?b", "/x/~a"));
    assertThat(RequestPath.of("/a://b/c")).isEqualTo("/a://b/c");
    assertThat(RequestPath.of("a:443")).isEqualTo("a:443");
    assertThat(RequestPath.of("*")).isEqualTo("*");
  }
}
