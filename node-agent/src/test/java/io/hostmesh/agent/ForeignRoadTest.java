package io.hostmesh.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.agent.discovery.MeshSettings;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.SpiffeId;
import io.hostmesh.runtime.testing.TestAuthority;
import io.hostmesh.runtime.tls.Svid;
import io.hostmesh.runtime.tls.TrustRoots;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A client of another trust domain, which is no agent of ours, calls the mesh port. */
@Timeout(60)
class ForeignRoadTest {
  private static final String OTHER = "other.example";
  private static final SpiffeId SHOP = SpiffeId.Foreign.parse("spiffe://other.example/shop/till.1");

  private final TestMesh mesh = new TestMesh();
  private final TestAuthority theirs = new TestAuthority(OTHER);
  private TcpApp app;
  private volatile String seen = "";

  @BeforeEach
  void begin() throws IOException {
    app =
        TcpApp.http(
            request -> {
              seen = request.head();
              return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            });
    mesh.service(mesh.h2, "far", "f1", Protocol.HTTP, app.port(), "v1");
    mesh.h2.foreignRoots = Map.of(OTHER, theirs.roots());
  }

  @AfterEach
  void stop() throws Exception {
    mesh.close();
    app.close();
  }

  private void rule(String text) {
    mesh.mesh.access.put(
        ServiceName.of("far"), TcpRoadTest.access("kind=access,service=far," + text));
  }

  private static String get(RawH2 http) throws Exception {
    http.frame(
        RawH2.HEADERS,
        RawH2.END_HEADERS | RawH2.END_STREAM,
        1,
        RawH2.get("x-forwarded-client-cert: URI=spiffe://test.local/king"));
    http.flush();
    return http.status();
  }

  private String call(Svid svid) throws Exception {
    try (RawH2 http = new RawH2(mesh.h2.asAgent(svid, "f1"))) {
      return get(http);
    }
  }

  @Test
  void whoARuleNamesGetsInAndTheApplicationIsToldWhoItIs() throws Exception {
    rule("allow=[{from=\"spiffe://other.example/shop/*\"}]");

    assertThat(call(theirs.issue(SHOP))).isEqualTo("200");
    assertThat(seen).contains("URI=spiffe://other.example/shop/till.1\r\n").doesNotContain("king");
    assertThat(call(theirs.issue(SpiffeId.Foreign.parse("spiffe://other.example/bar"))))
        .isEqualTo("403");
  }

  @Test
  void noDefaultLetsItIn() throws Exception {
    mesh.mesh.settings = new MeshSettings("test.local", "dc1", true, true);

    assertThat(call(theirs.issue(SHOP))).isEqualTo("403");
    assertThat(call(mesh.authority.issue(TestMesh.id("web")))).isEqualTo("200");
    Eventually.holds(
        "the reason is logged, with the whole id: " + mesh.h2.log,
        () ->
            mesh.h2.log.stream()
                .anyMatch(line -> line.contains(SHOP.uri()) && line.contains("ACCESS_DENIED")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "default=allow",
        "deny=[{from=batch}]",
        "allow=[{from=\"*\"}]",
        "allow=[{from=till}]",
        "allow=[{from=\"default/*\"}]",
        "allow=[{source-networks=\"127.0.0.0/8\"}]"
      })
  void norDoRulesThatNameOthersOrNobody(String rule) throws Exception {
    rule(rule);

    assertThat(call(theirs.issue(SHOP))).isEqualTo("403");
    assertThat(call(theirs.issue(SpiffeId.Service.of(OTHER, "dc1", ServiceName.of("till")))))
        .isEqualTo("403");
    assertThat(seen).isEmpty();
  }

  @Test
  void aDenyOfEverybodyMeansItToo() throws Exception {
    rule("allow=[{from=\"spiffe://other.example/*\"}],deny=[{paths=\"/*\"}]");

    assertThat(call(theirs.issue(SHOP))).isEqualTo("403");
  }

  @Test
  void whoIsOfNoFederatedDomainOrSignedByAnotherGetsNoConnection() {
    rule("allow=[{from=[web,\"spiffe://other.example/*\",\"spiffe://third.example/*\"]}]");
    TestAuthority third = new TestAuthority("third.example");

    for (Svid svid :
        List.of(
            third.issue(SpiffeId.Foreign.parse("spiffe://third.example/x")),
            third.issue(SHOP),
            mesh.authority.issue(SHOP),
            theirs.issue(TestMesh.id("web")),
            theirs.crossSigning("spiffe://test.local").issue(SHOP),
            mesh.authority.crossSigning("spiffe://other.example").issue(TestMesh.id("web")))) {
      assertThatThrownBy(() -> call(svid)).as(svid.id().uri()).isInstanceOf(IOException.class);
    }
    assertThat(seen).isEmpty();
  }

  @Test
  void itsConnectionsEndWithTheTrustInItsDomain() throws Exception {
    rule("allow=[{from=\"spiffe://other.example/*\"}]");
    Svid svid = theirs.issue(SHOP);
    try (RawH2 http = new RawH2(mesh.h2.asAgent(svid, "f1"));
        RawH2 ours = new RawH2(mesh.h2.asAgent(mesh.authority.issue(TestMesh.id("web")), "f1"))) {
      assertThat(get(http)).isEqualTo("200");
      assertThat(get(ours)).isEqualTo("403");
      TrustRoots roots = theirs.roots();
      mesh.h2.foreignRoots =
          Map.of(
              OTHER,
              new TrustRoots(
                  OTHER,
                  List.of(
                      roots.roots().getFirst(), new TestAuthority(OTHER).roots().roots().get(0)),
                  0));
      mesh.h2.path.rootsChanged(); // It rotates: its old root still holds.
      assertThat(call(svid)).isEqualTo("200");

      mesh.h2.foreignRoots = Map.of();
      mesh.h2.path.rootsChanged();
      assertThat(http.closed()).isTrue();
    }
    assertThatThrownBy(() -> call(svid)).isInstanceOf(IOException.class);
  }

  @Test
  void itsIdsMakeNoMetricsWithoutEnd() throws Exception {
    rule("allow=[{from=\"spiffe://other.example/*\"}]");
    for (int i = 0; i < 5; i++) {
      Svid svid = theirs.issue(SpiffeId.Foreign.parse("spiffe://other.example/made/up/" + i));
      assertThat(call(svid)).isEqualTo("200");
    }
    Eventually.holds(
        "all are counted under their domain",
        () ->
            mesh.h2.registry.find("istio_requests").counters().stream()
                .anyMatch(
                    counter ->
                        "spiffe://other.example".equals(counter.getId().getTag("source_principal"))
                            && counter.count() == 5));
  }
}
