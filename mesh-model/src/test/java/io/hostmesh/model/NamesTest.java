package io.hostmesh.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

/** Names, identities and server names survive being written and read again. */
class NamesTest {
  @Provide
  Arbitrary<String> labels() {
    return Arbitraries.strings()
        .withCharRange('a', 'z')
        .withCharRange('0', '9')
        .withChars('-')
        .ofMinLength(1)
        .ofMaxLength(63)
        .filter(Names::isLabel);
  }

  @Property
  void serviceIdsSurviveTheirUri(
      @ForAll("labels") String namespace,
      @ForAll("labels") String datacenter,
      @ForAll("labels") String service) {
    SpiffeId id = new SpiffeId.Service("mesh.example", namespace, datacenter, service);
    assertThat(SpiffeId.parse(id.uri())).isEqualTo(id);
  }

  @Property
  void serverNamesSurviveTheirText(
      @ForAll("labels") String instance,
      @ForAll("labels") String service,
      @ForAll("labels") String namespace) {
    MeshSni sni =
        new MeshSni(instance, new ServiceName(namespace, service), "dc1", "mesh.example.org");
    assertThat(MeshSni.parse(sni.host())).isEqualTo(sni);
    assertThat(sni.identity().name()).isEqualTo(sni.service());
  }

  @Property
  void meshNamesMeanTheirService(@ForAll("labels") String name, @ForAll("labels") String space) {
    assertThat(MeshHost.parse(name + ".mesh"))
        .contains(new MeshHost(ServiceName.of(name), Optional.empty()));
    assertThat(MeshHost.parse(name + "." + space + ".MESH."))
        .contains(new MeshHost(new ServiceName(space, name), Optional.empty()));
    assertThat(MeshHost.parse(name + "." + space + ".dc9.mesh"))
        .contains(new MeshHost(new ServiceName(space, name), Optional.of("dc9")));
    assertThat(MeshHost.parse(name + ".virtual.consul"))
        .contains(new MeshHost(ServiceName.of(name), Optional.empty()));
  }

  /** RFC 1123's names, said in the language that they are usually said in. */
  @Property
  void labelsAndDomainsAreThoseOfTheRegularExpressions(
      @ForAll @Chars({'a', 'z', '0', '9', '-', '.', 'A', 'é', '/'}) @StringLength(max = 70)
          String text) {
    String label = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";
    assertThat(Names.isLabel(text)).isEqualTo(text.matches(label));
    assertThat(isDomain(text)).isEqualTo(text.matches(label + "(\\." + label + ")*"));
  }

  @Test
  void aDomainHasItsLength() {
    String longest = ("a".repeat(62) + ".").repeat(4) + "a";
    assertThat(longest).hasSize(253);
    assertThat(isDomain(longest)).isTrue();
    assertThat(isDomain(longest + "a")).isFalse();
    assertThat(Names.isLabel("a".repeat(63))).isTrue();
    assertThat(Names.isLabel("a".repeat(64))).isFalse();
  }

  private static boolean isDomain(String text) {
    try {
      return Names.domain("domain", text).equals(text);
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  @Test
  void nodesAndTheControlPlaneHaveIdsOfTheirOwn() {
    assertThat(SpiffeId.parse("spiffe://m.example/node/h1"))
        .isEqualTo(new SpiffeId.Node("m.example", "h1"));
    assertThat(SpiffeId.parse("spiffe://m.example/control/pilot"))
        .isEqualTo(new SpiffeId.Control("m.example", SpiffeId.Control.Role.PILOT));
  }

  @Test
  void whatIsNoIdIsRefused() {
    for (String uri :
        new String[] {
          "https://m.example/node/h1",
          "spiffe://m.example",
          "spiffe://m.example/node/h1/x",
          "spiffe://m.example:8080/node/h1",
          "spiffe://user@m.example/node/h1",
          "spiffe://m.example/node/h1?x",
          "spiffe://m.example/control/root",
          "spiffe://m.example/ns/default/dc/dc1/svc/",
          "spiffe://m.example/ns/default/dc/dc1/svc/We%62",
          "not a uri"
        }) {
      assertThatThrownBy(() -> SpiffeId.parse(uri))
          .as(uri)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void anIdOfAnotherTrustDomainHasAnyShapeOfTheStandard() {
    for (String uri :
        new String[] {
          "spiffe://other.example/x",
          "spiffe://my_td.example/spire/agent/x509pop/0A.b-c_d",
          "spiffe://m.example/ns/default/dc/dc1/svc/web",
          "spiffe://1.2.3.4/..."
        }) {
      assertThat(SpiffeId.Foreign.parse(uri).uri()).isEqualTo(uri);
    }
    for (String uri :
        new String[] {
          "spiffe://other.example",
          "spiffe://other.example/",
          "spiffe://other.example/x/",
          "spiffe://other.example//x",
          "spiffe://other.example/./x",
          "spiffe://other.example/x/..",
          "spiffe://Other.example/x",
          "SPIFFE://other.example/x",
          "spiffe://other.example:80/x",
          "spiffe://u@other.example/x",
          "spiffe://other.example/x?y",
          "spiffe://other.example/x%2fy",
          "spiffe://other.example/x;URI=spiffe://m.example/y",
          "spiffe://other.example/x\n",
          "spiffe://other.example/" + "x/".repeat(2_000) + "x",
          ""
        }) {
      assertThatThrownBy(() -> SpiffeId.Foreign.parse(uri))
          .as(uri)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void namesOfOthersAreLeftToOthers() {
    assertThat(MeshHost.isMeshName("web.mesh")).isTrue();
    assertThat(MeshHost.isMeshName("nothing.here.at.all.mesh")).isTrue();
    assertThat(MeshHost.isMeshName("web.virtual.consul.")).isTrue();
    assertThat(MeshHost.isMeshName("web.service.consul")).isFalse();
    assertThat(MeshHost.isMeshName("example.com")).isFalse();
    assertThat(MeshHost.isMeshName("mesh.example.com")).isFalse();
    assertThat(MeshHost.parse("a.b.c.d.mesh")).isEmpty();
    assertThat(MeshHost.parse("mesh")).isEmpty();
  }

  @Test
  void aWrongNameSaysWhatIsRight() {
    assertThatThrownBy(() -> ServiceName.of("Web_1"))
        .hasMessageContaining("\"Web_1\"")
        .hasMessageContaining("lower-case");
  }
}
