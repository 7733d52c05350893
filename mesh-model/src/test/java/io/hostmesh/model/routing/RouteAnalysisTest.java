package io.hostmesh.model.routing;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.RuleParser;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouteAnalysisTest {
  private static List<String> findings(String rules) {
    return RouteAnalysis.of(
            (RouteRule)
                RuleParser.parse(
                    "r.conf",
                    "kind = route, service = api, subsets { v1 { version = v1 } }, rules = ["
                        + rules
                        + "]"))
        .stream()
        .map(RouteAnalysis.Finding::text)
        .toList();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          true  | path = "/a*"                            | path = "/ab"
          true  | path = "/a*"                            | path = [ "/ab", "/a/*" ]
          false | path = "/a*"                            | path = [ "/ab", "/b" ]
          false | path = "/ab"                            | path = "/a*"
          true  | path-regex = "/v[0-9]"                  | path = "/v1"
          false | path-regex = "/v[0-9]"                  | path = "/v1*"
          true  | method = [ GET, POST ]                  | method = GET, path = "/x"
          false | method = GET                            | path = "/x"
          true  | header { a = "x*" }                     | header { a = [ xy, xz ], b = 1 }
          false | header { a = "x*" }                     | header { a = [ xy, z ] }
          true  | header { a { present = true } }         | header { a { regex = "z+" } }
          false | header { a { not = b } }                | header { a = c }
          true  | host = "*.example"                      | host = a.example
          true  | source = "shop/*"                       | source = shop/web
          false | source = "shop/*"                       | source = "*"
          true  | source-meta { tier = gold }             | source-meta { tier = gold, zone = a }
          """)
  void anEntryThatIsNeverReachedIsFound(boolean shadowed, String first, String second) {
    List<String> findings =
        findings(
            "{ name = first, match { %s }, to = [ { subset = v1 } ] }, { match { %s }, to = [{}] }"
                .formatted(first, second));
    if (shadowed) {
      assertThat(findings).singleElement().asString().contains("entry \"first\"");
    } else {
      assertThat(findings).isEmpty();
    }
  }

  @Test
  void behindAnEntryForEverythingNothingComes() {
    assertThat(findings("{ to = [ { subset = v1 } ] }, { match { path = \"/x\" }, to = [{}] }"))
        .singleElement()
        .asString()
        .contains("no request ever comes to this entry");
  }

  @Test
  void aFallbackAndAMirrorUseASubset() {
    assertThat(findings("{ to = [ {} ], mirror { subset = v1 } }")).isEmpty();
    assertThat(findings("{ to = [ { service = other, subset = x, fallback = v1 } ] }"))
        .as("of the other service")
        .singleElement()
        .asString()
        .contains("no entry of this route sends anything to subset \"v1\"");
    RouteRule own =
        (RouteRule)
            RuleParser.parse(
                "r.conf",
                """
                kind = route, service = api
                subsets { v1 { version = v1 }, v2 { version = v2 } }
                rules = [ { to = [ { subset = v1, fallback = v2 } ] } ]
                """);
    assertThat(RouteAnalysis.of(own)).isEmpty();
  }

  @Test
  void subsetsThatNobodyUsesAndWeightsThatMissAHundredAreSaid() {
    assertThat(findings("{ to = [{}] }")).singleElement().asString().contains("subset \"v1\"");
    assertThat(
            findings(
                "{ to = [ { subset = v1, weight = 90 }, { weight = 5 } ] }, { match { path ="
                    + " \"/x\" }, to = [{}] }"))
        .first()
        .asString()
        .contains("sum to 95");
    assertThat(findings("{ to = [ { subset = v1, weight = 1 }, { weight = 2 } ] }")).isEmpty();
  }
}
