package io.hostmesh.agent.authz;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.RuleParser;
import java.util.Locale;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/../admin",
        "/api/./x",
        "/api//admin",
        "/api/%2e%2e/admin",
        "/api/%2E./admin",
        "/api/..%2fadmin",
        "/api/..%5cadmin",
        "/api/..\\admin",
        "/api/..;/admin",
        "/api/%252e%252e/admin",
        "/api/%00",
        "/api/%zz",
        "/api/%2",
        "/api/x/..",
      })
  void pathsThatApplicationsMayReadInAnotherWayAreNeverCovered(String path) {
    assertThat(allowed(table.request(WEB, "GET", path))).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/api/a.b", "/api/...", "/api/a%20b", "/api/x/", "/api/..a"})
  void ordinaryPathsAre(String path) {
    assertThat(allowed(table.request(WEB, "GET", path))).isTrue();
  }

  @Test
  void theQueryDoesNotMatter() {
    assertThat(allowed(table.request(WEB, "GET", "/api/x?to=/../admin"))).isTrue();
    assertThat(allowed(table.request(WEB, "GET", "/admin?/api/x"))).isFalse();
  }

  /** Segment by segment, as the rule is to be read. */
  @Property
  void plainPathsHaveNoOddSegments(
      @ForAll
          @Chars({'a', '.', '/', '%', '2', '5', 'e', 'F', ';', '\\', '１'})
          @StringLength(max = 9)
          String rest) {
    String path = "/" + rest;
    String[] segments = path.substring(1).split("/", -1);
    boolean plain = path.matches("([^\\\\;%]|%[2-9a-fA-F][0-9a-fA-F])*") && !path.contains("%7f");
    for (int i = 0; i < segments.length; i++) {
      String segment = segments[i];
      plain &= !segment.equals(".") && !segment.equals("..");
      plain &= !segment.isEmpty() || i == segments.length - 1;
    }
    for (String odd : new String[] {"%2e", "%2f", "%5c", "%3b", "%25", "%7f"}) {
      plain &= !path.toLowerCase(Locale.ROOT).contains(odd);
    }
    assertThat(RequestPath.isPlain(path)).isEqualTo(plain);
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
    assertThat(RequestPath.of("/a://b/c")).isEqualTo("/a://b/c");
    assertThat(RequestPath.of("a:443")).isEqualTo("a:443");
    assertThat(RequestPath.of("*")).isEqualTo("*");
  }
}
