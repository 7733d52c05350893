package io.hostmesh.agent.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class DefinitionsTest {
  private static final Map<Integer, String> RESERVED = Map.of(15001, "listen.outbound");

  private static String service(String name, int port, String unit) {
    return "service { name = "
        + name
        + ", port = "
        + port
        + ", workload { unit = \""
        + unit
        + ".service\" } }";
  }

  private static Map<String, Definitions.Content> files(Map<String, String> texts) {
    Map<String, Definitions.Content> files = new HashMap<>();
    texts.forEach((file, text) -> files.put(file, new Definitions.Content.Text(text)));
    return files;
  }

  private static Definitions judge(Map<String, String> texts, Definitions before) {
    return Definitions.judge(files(texts), before, RESERVED);
  }

  private static List<String> names(Definitions definitions) {
    return definitions.services().stream().map(service -> service.name().toString()).toList();
  }

  @Test
  void takesAllThatGoTogether() {
    Definitions both =
        judge(
            Map.of("a.conf", service("a", 1, "a"), "b.conf", service("b", 2, "b")),
            Definitions.NONE);

    assertThat(names(both)).containsExactly("a", "b");
    assertThat(both.problems()).isEmpty();
  }

  @Test
  void versionsOfAServiceMayShareAHostAndAWorkload() {
    Definitions both =
        judge(
            Map.of("1.conf", service("a", 1, "a"), "2.conf", service("a", 2, "a")),
            Definitions.NONE);

    assertThat(both.problems()).isEmpty();
    assertThat(both.services()).hasSize(2);
  }

  @Test
  void refusesTheSameServiceAtTheSamePort() {
    Definitions twice =
        judge(
            Map.of("1.conf", service("a", 1, "a"), "2.conf", service("a", 1, "a")),
            Definitions.NONE);

    assertThat(twice.services()).hasSize(1);
    assertThat(twice.problems())
        .containsExactly(
            "2.conf:1: service.port: service a with port 1 is already declared; see 1.conf:1");
  }

  @Test
  void refusesAPortOfAnotherServiceAndOneOfTheAgent() {
    Definitions twice =
        judge(
            Map.of(
                "1.conf", service("a", 1, "a"),
                "2.conf", service("b", 1, "b"),
                "3.conf", service("c", 15001, "c")),
            Definitions.NONE);

    assertThat(names(twice)).containsExactly("a");
    assertThat(twice.problems())
        .containsExactly(
            "2.conf:1: service.port: port 1 is already that of service a; see 1.conf:1",
            "3.conf:1: service.port: port 15001 is the agent's own (listen.outbound); choose"
                + " another one");
  }

  @Test
  void refusesTheSameInstanceIdAndTheSameProcesses() {
    Definitions both =
        judge(
            Map.of(
                "1.conf",
                service("a", 1, "a"),
                "2.conf",
                "service { name = b, port = 2, id = p1, workload { unit = b.service } }",
                "3.conf",
                service("c", 3, "a")),
            Definitions.NONE);

    assertThat(names(both)).containsExactly("a");
    assertThat(both.problems().getFirst())
        .startsWith("2.conf:1: service.id: the instance id p1 is already that of service a");
    assertThat(both.problems().getLast()).startsWith("3.conf:1: service.workload:");
  }

  @Test
  void aBadFileLeavesItsLastGoodContentInForce() {
    Definitions good = judge(Map.of("a.conf", service("a", 1, "a")), Definitions.NONE);

    Definitions now = judge(Map.of("a.conf", service("a", 1, "a").replace("port", "prot")), good);

    assertThat(now.services()).isEqualTo(good.services());
    assertThat(now.problems()).hasSize(1);
    assertThat(now.problems().getFirst())
        .startsWith("a.conf:1: service.prot: unknown key; did you mean \"port\"?")
        .endsWith("its last good content stays in force");
  }

  @Test
  void anUnreadableFileLeavesItsLastGoodContentInForce() {
    Definitions good = judge(Map.of("a.conf", service("a", 1, "a")), Definitions.NONE);

    Definitions now =
        Definitions.judge(
            Map.of("a.conf", new Definitions.Content.Unreadable("a.conf: not readable")),
            good,
            RESERVED);

    assertThat(names(now)).containsExactly("a");
    assertThat(now.problems().getFirst()).startsWith("a.conf: not readable; its last good");
  }

  @Test
  void aNewcomerDoesNotDisplaceWhatIsInForce() {
    Definitions before = judge(Map.of("z.conf", service("z", 1, "z")), Definitions.NONE);

    Definitions now =
        judge(Map.of("a.conf", service("a", 1, "a"), "z.conf", service("z", 1, "z")), before);

    assertThat(names(now)).containsExactly("z");
    assertThat(now.problems()).hasSize(1);
  }

  @Test
  void aRemovedFileTakesItsServiceAlong() {
    Definitions before = judge(Map.of("a.conf", service("a", 1, "a")), Definitions.NONE);

    assertThat(judge(Map.of(), before).services()).isEmpty();
  }

  /** Whatever the files and their order of arrival, what is in force never contradicts itself. */
  @Property
  void whatIsInForceNeverContradictsItself(
      @ForAll @Size(max = 8) List<@IntRange(min = 0, max = 99) Integer> first,
      @ForAll @Size(max = 8) List<@IntRange(min = 0, max = 99) Integer> second) {
    Definitions before = judge(folder(first), Definitions.NONE);
    Definitions now = judge(folder(second), before);

    for (ServiceDefinition a : now.services()) {
      for (ServiceDefinition b : now.services()) {
        if (!a.equals(b)) {
          assertThat(Conflicts.between(a, b)).isEmpty();
        }
      }
    }
    assertThat(judge(folder(second), now).services()).isEqualTo(now.services());
  }

  private static Map<String, String> folder(List<Integer> seeds) {
    Map<String, String> files = new HashMap<>();
    for (int i = 0; i < seeds.size(); i++) {
      int seed = seeds.get(i);
      String text =
          seed % 7 == 0
              ? "service { name = }"
              : service("s" + seed % 3, 1 + seed % 5, "u" + seed % 4);
      files.put(i + ".conf", text);
    }
    return files;
  }
}
