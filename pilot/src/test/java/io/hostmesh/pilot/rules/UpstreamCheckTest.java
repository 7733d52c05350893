package io.hostmesh.pilot.rules;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.RuleParser;
import io.hostmesh.pilot.rules.RuleProblem.Weight;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class UpstreamCheckTest {
  private static final String RULE =
      """
      kind = upstream, service = shop
      locality { failover = [ { from = eu-wets, to = [ us-east, mars ] } ] }
      """;

  private static Known in(String... regions) {
    List<Map<String, String>> metadata = new java.util.ArrayList<>();
    for (String region : regions) {
      metadata.add(Map.of("hostmesh-region", region));
    }
    metadata.add(Map.of());
    return new Known(
        new TreeMap<>(
            Map.of(ServiceName.of("shop"), new Known.Facts(Optional.of(Protocol.HTTP), metadata))));
  }

  private static List<RuleProblem> problems(Known known) {
    return RuleCheck.check(RuleParser.parse("shop.conf", RULE), known);
  }

  @Test
  void aRegionThatNobodyIsInIsSaidWithTheOneThatWasMeant() {
    assertThat(problems(in("eu-west", "us-east")))
        .extracting(RuleProblem::toString)
        .containsExactly(
            "shop.conf:2: locality.failover: no instance of the mesh is in the region \"eu-wets\" now;"
                + " did you mean \"eu-west\"?",
            "shop.conf:2: locality.failover: no instance of the mesh is in the region \"mars\" now;"
                + " there are eu-west, us-east");
    assertThat(problems(in("eu-west", "us-east")))
        .as("it may come")
        .allMatch(problem -> problem.weight() == Weight.NOTE);
  }

  @Test
  void whereNobodyStandsAnywhereNamesAreNotTheProblem() {
    assertThat(problems(in())).isEmpty();
  }
}
