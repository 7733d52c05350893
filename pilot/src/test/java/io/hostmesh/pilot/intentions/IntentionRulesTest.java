package io.hostmesh.pilot.intentions;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.CallerPattern;
import io.hostmesh.model.rules.Grant;
import io.hostmesh.registry.Intentions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IntentionRulesTest {
  private static final ServiceName DB = ServiceName.of("db");
  private static final List<ServiceName> KNOWN =
      List.of(DB, ServiceName.of("web"), ServiceName.of("cron"), ServiceName.of("other"));

  private static Intentions.Stored entry(String name, String... sources) {
    return new Intentions.Stored(
        name,
        "{'Kind': 'service-intentions', 'Name': '%s', 'Sources': [%s]}"
            .formatted(name, String.join(", ", sources))
            .replace('\'', '"'),
        7);
  }

  private static String source(String name, String action) {
    return "{'Name': '" + name + "', 'Action': '" + action + "', 'Type': 'consul'}";
  }

  private static String permissions(String... permissions) {
    return "{'Name': 'web', 'Permissions': [" + String.join(", ", permissions) + "]}";
  }

  private static IntentionRules.Translated translated(
      List<ServiceName> open, Intentions.Stored... entries) {
    return IntentionRules.translate(new Intentions(List.of(entries), false), KNOWN, open);
  }

  private static List<Grant> denied(Intentions.Stored... entries) {
    AccessRule rule = translated(List.of(), entries).rules().get(DB);
    assertThat(rule == null || rule.allow().isEmpty()).isTrue();
    return rule == null ? List.of() : rule.deny();
  }

  /** The grants of permissions, but the one for connections that have no requests. */
  private static List<Grant> denied(String... permissions) {
    List<Grant> denied = denied(entry("db", permissions(permissions)));
    assertThat(denied.getLast().requests().unless())
        .containsExactly(new Grant.Shape(Set.of(), List.of(), Map.of()));
    return denied.subList(0, denied.size() - 1);
  }

  /** What agents make of callers, in short. */
  private static boolean holds(Grant grant, String caller) {
    CallerPattern pattern = new CallerPattern.OfService(ServiceName.of(caller));
    Grant.Callers callers = grant.callers();
    return (callers.from().isEmpty() || callers.from().contains(pattern))
        && !callers.notFrom().contains(pattern);
  }

  /** The rows of "Precedence and match order" of Consul's documentation, from the top. */
  @ParameterizedTest
  @CsvSource({
    // web->db, any->db, web->any, any->any; is web let in to db?
    "allow, deny,  deny,  deny,  true",
    "deny,  allow, allow, allow, false",
    "     , allow, deny,  deny,  true",
    "     , deny,  allow, allow, false",
    "     ,      , allow, deny,  true",
    "     ,      , deny,  allow, false",
    "     ,      ,      , allow, true",
    "     ,      ,      , deny,  false",
    "     ,      ,      ,      , true",
  })
  void theMoreExactIntentionDecides(
      String webToDb, String anyToDb, String webToAny, String anyToAny, boolean allowed) {
    List<Grant> denied = denied(entry("db", both(webToDb, anyToDb)), any(webToAny, anyToAny));
    assertThat(denied.stream().noneMatch(grant -> holds(grant, "web"))).isEqualTo(allowed);
  }

  private static String[] both(String web, String any) {
    List<String> sources = new ArrayList<>();
    if (any != null) {
      sources.add(source("*", any));
    }
    if (web != null) {
      sources.add(source("web", web));
    }
    return sources.toArray(String[]::new);
  }

  private static Intentions.Stored any(String web, String any) {
    return entry("*", both(web, any));
  }

  @Test
  void anyMeansThoseWithoutAnIdentityTooWhereItDenies() {
    List<Grant> denied = denied(entry("db", source("*", "deny"), source("web", "allow")));
    assertThat(denied).hasSize(1);
    assertThat(denied.getFirst().callers().from()).isEmpty();
    assertThat(holds(denied.getFirst(), "cron")).isTrue();
    assertThat(holds(denied.getFirst(), "web")).isFalse();
  }

  @Test
  void whereTheMeshDeniesByDefaultAnAllowOpens() {
    AccessRule rule =
        Objects.requireNonNull(
            translated(List.of(DB), entry("db", source("web", "allow"))).rules().get(DB));
    assertThat(rule.deny()).isEmpty();
    assertThat(rule.allow().orElseThrow())
        .singleElement()
        .satisfies(grant -> assertThat(holds(grant, "web")).isTrue())
        .satisfies(grant -> assertThat(holds(grant, "cron")).isFalse());
  }

  @Test
  void theFirstPermissionThatHoldsARequestDecides() {
    List<Grant> denied =
        denied(
            "{'Action': 'deny', 'HTTP': {'PathExact': '/admin'}}",
            "{'Action': 'allow', 'HTTP': {'PathPrefix': '/', 'Methods': ['GET']}}",
            "{'Action': 'deny', 'HTTP': {'PathPrefix': '/'}}");
    assertThat(denied).hasSize(2);
    assertThat(denied.getFirst().requests().paths()).hasToString("[/admin]");
    assertThat(denied.getFirst().requests().unless()).isEmpty();
    Grant rest = denied.getLast();
    assertThat(rest.requests().paths()).hasToString("[/*]");
    assertThat(rest.requests().unless())
        .singleElement()
        .satisfies(shape -> assertThat(shape.methods()).isEqualTo(Set.of("GET")));
  }

  @Test
  void whatAnInvertedHeaderDoesNotAllowIsDeniedByAPieceOfItsOwn() {
    List<Grant> denied =
        denied(
            "{'Action': 'allow', 'HTTP': {'Header': [{'Name': 'X-Test', 'Present': true,"
                + " 'Invert': true}]}}",
            "{'Action': 'deny', 'HTTP': {'PathPrefix': '/'}}");
    assertThat(denied).hasSize(2);
    assertThat(denied.getFirst().requests().unless())
        .isEqualTo(List.of(new Grant.Shape(Set.of(), List.of(), Map.of())));
    assertThat(denied.getLast().requests().headers()).containsOnlyKeys("x-test");
    assertThat(denied.getLast().requests().unless()).isEmpty();
  }

  /** Its documentation and its proxies differ on a header that is not there. */
  @Test
  void aValueThatIsNotToBeThereLetsNobodyInWithoutTheHeader() {
    String inverted = "'HTTP': {'Header': [{'Name': 'x', 'Exact': 'y', 'Invert': true}]}}";
    List<Grant> denied =
        denied("{'Action': 'allow', " + inverted, "{'Action': 'deny', 'HTTP': {}}");
    assertThat(denied).hasSize(2);
    assertThat(denied.getFirst().requests().unless())
        .singleElement()
        .satisfies(shape -> assertThat(shape.headers()).hasToString("{x=[*]}"));
    assertThat(denied.getLast().requests().headers()).hasToString("{x=[y]}");
    assertThat(denied("{'Action': 'deny', " + inverted))
        .singleElement()
        .satisfies(grant -> assertThat(grant.requests().headers()).isEmpty())
        .satisfies(grant -> assertThat(grant.requests().unless()).hasSize(1));
  }

  @Test
  void whereAnIntentionSpeaksOfRequestsAConnectionWithoutAnyIsDenied() {
    assertThat(denied("{'Action': 'allow', 'HTTP': {'PathPrefix': '/'}}")).isEmpty();
  }

  @Test
  void whoComesFromPartsThatOnlyEnterpriseHasIsDenied() {
    for (String part :
        List.of(
            "'Namespace': 'shop'", "'Partition': 'west'", "'SamenessGroup': 'all'", "'New': 'x'")) {
      IntentionRules.Translated translated =
          translated(List.of(DB), entry("db", "{'Name': 'web', 'Action': 'allow', " + part + "}"));
      AccessRule rule = Objects.requireNonNull(translated.rules().get(DB));
      assertThat(rule.allow()).isEmpty();
      assertThat(rule.deny()).singleElement().matches(grant -> holds(grant, "web"));
      assertThat(translated.problems()).singleElement().asString().contains("denies all its calls");
    }
    assertThat(
            denied(
                entry(
                    "db",
                    "{'Name': 'web', 'Action': 'allow', 'Namespace': 'default', 'Partition':"
                        + " 'default'}")))
        .isEmpty();
  }

  @Test
  void anEntryThatAsksForTokensDeniesAllThatItNames() {
    IntentionRules.Translated translated =
        translated(
            List.of(),
            new Intentions.Stored(
                "db",
                "{'Name': 'db', 'JWT': {'Providers': [{'Name': 'okta'}]}, 'Sources': [%s, %s]}"
                    .formatted(source("web", "allow"), source("*", "deny"))
                    .replace('\'', '"'),
                7));
    assertThat(Objects.requireNonNull(translated.rules().get(DB)).deny()).hasSize(2);
    assertThat(translated.problems()).hasSize(2).allMatch(line -> line.contains("authentication"));
  }

  @Test
  void aPlainRegularExpressionIsAPath() {
    assertThat(
            Arrays.stream(new String[] {"/v1/.*", "/v1/a\\\\.b"})
                .map(
                    regex ->
                        denied("{'Action': 'deny', 'HTTP': {'PathRegex': '" + regex + "'}}")
                            .getFirst()
                            .requests()
                            .paths()
                            .toString()))
        .containsExactly("[/v1/*]", "[/v1/a.b]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'PathRegex': '/v[12]/.*'}",
        "{'PathExact': '/a*'}",
        "{'Header': [{'Name': 'x', 'Regex': '.*'}]}",
        "{'Header': [{'Name': 'x', 'Contains': 'y'}]}",
        "{'Header': [{'Name': 'x', 'Exact': 'y', 'IgnoreCase': true}]}",
        "{'Header': [{'Name': 'x', 'Exact': 'y'}, {'Name': 'X', 'Prefix': 'z'}]}",
        "{'Header': [{'Name': ':authority', 'Exact': 'y'}]}",
        "{'Header': [{'Name': 'Host', 'Exact': 'y'}]}",
        "{'Header': [{'Name': 'x', 'Exact': 'y, z'}]}",
        "{'Header': [{'Name': 'x'}]}",
        "{'PathExact': '/a', 'PathPrefix': '/b'}",
        "{'PathPrefix': 'a'}",
        "{'NewInConsul': 'x'}",
      })
  void whatCannotBeKeptExactlyDeniesAndIsTold(String http) {
    IntentionRules.Translated translated =
        translated(
            List.of(), entry("db", permissions("{'Action': 'allow', 'HTTP': " + http + "}")));
    AccessRule rule = Objects.requireNonNull(translated.rules().get(DB));
    assertThat(rule.deny())
        .singleElement()
        .satisfies(grant -> assertThat(holds(grant, "web")).isTrue())
        .satisfies(grant -> assertThat(grant.needsRequests()).isFalse());
    assertThat(translated.problems())
        .singleElement()
        .asString()
        .startsWith("Consul intention web -> db: Permissions[0]: ");
  }

  @Test
  void anEntryThatCannotBeReadClosesItsService() {
    IntentionRules.Translated translated =
        translated(List.of(), new Intentions.Stored("db", "{\"Sources\": 5}", 7));
    AccessRule rule = Objects.requireNonNull(translated.rules().get(DB));
    assertThat(rule.deny())
        .singleElement()
        .satisfies(grant -> assertThat(holds(grant, "web")).isTrue());
    assertThat(translated.problems()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'Name': 'db', 'Sources': [null]}",
        "{'Name': 'db', 'Sources': [{'Name': null, 'Action': 'allow'}]}",
        "{'Name': 'db', 'Sources': [{'Name': 'web', 'Action': null}]}",
        "{'Name': 'db', 'OnlyOnMondays': true, 'Sources': [{'Name': 'web', 'Action': 'allow'}]}"
      })
  void whatIsMissingOrOfANewerConsulDenies(String json) {
    IntentionRules.Translated translated =
        translated(List.of(), new Intentions.Stored("db", json.replace('\'', '"'), 7));
    assertThat(Objects.requireNonNull(translated.rules().get(DB)).deny())
        .anySatisfy(grant -> assertThat(holds(grant, "web")).isTrue());
    assertThat(translated.problems()).hasSize(1);
  }

  @Test
  void anEntryWithoutSourcesSaysNothing() {
    assertThat(denied(new Intentions.Stored("db", "{\"Name\": \"db\", \"Sources\": null}", 7)))
        .isEmpty();
  }

  @Test
  void otherMeshesServicesAreNoneOfOurs() {
    assertThat(denied(entry("db", "{'Name': 'web', 'Peer': 'west', 'Action': 'deny'}"))).isEmpty();
  }
}
