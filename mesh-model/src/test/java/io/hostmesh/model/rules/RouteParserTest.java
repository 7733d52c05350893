package io.hostmesh.model.rules;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.HoconException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an entry of a route may say, and one sentence for all that it may not. */
class RouteParserTest {
  private static RouteRule parse(String rules) {
    return (RouteRule)
        RuleParser.parse(
            "r.conf",
            "kind = route, service = shop/api\nsubsets { v1 { version = v1 } }\nrules = ["
                + rules
                + "]");
  }

  private static RouteRule.Entry entry(String entry) {
    return parse(entry).entries().getFirst();
  }

  @Test
  void requestsGoToOtherServicesOfTheSameNamespaceUnlessOneIsNamed() {
    List<RouteRule.Target> targets =
        entry(
                "{ to = [ { service = cart, subset = new, weight = 1 }, { service = ops/api, weight"
                    + " = 2 }, { service = api, subset = v1, weight = 3 } ] }")
            .targets();
    assertThat(targets)
        .extracting(RouteRule.Target::service)
        .containsExactly(
            Optional.of(new ServiceName("shop", "cart")),
            Optional.of(new ServiceName("ops", "api")),
            Optional.empty());
  }

  @Test
  void pathsAreWrittenAnewAsAWholeByPrefixOrByExpression() {
    assertThat(
            rewritten(
                "{ match { path = \"/a/*\" }, to = [{}], rewrite { prefix = \"/\" } }", "/a/b"))
        .isEqualTo("/b");
    assertThat(
            rewritten(
                "{ match { path = \"/a*\" }, to = [{}], rewrite { prefix = \"/x\" } }", "/a/b"))
        .isEqualTo("/x/b");
    assertThat(
            rewritten(
                "{ match { path = \"/a/*\" }, to = [{}], rewrite { prefix = \"/x\" } }", "/a/b"))
        .isEqualTo("/x/b");
    assertThat(
            rewritten(
                "{ match { path = \"/a\" }, to = [{}], rewrite { prefix = \"/x/y\" } }", "/a"))
        .isEqualTo("/x/y");
    assertThat(rewritten("{ to = [{}], rewrite { path = \"/x\" } }", "/a/b")).isEqualTo("/x");
    assertThat(
            rewritten(
                "{ to = [{}], rewrite { path-regex = \"^/([a-z]+)/(.*)$\", substitution ="
                    + " \"/$2/$1\" } }",
                "/a/b/c"))
        .isEqualTo("/b/c/a");
  }

  private static String rewritten(String text, String path) {
    return switch (entry(text).rewritten(path)) {
      case NormalPath.Reading.Normal(NormalPath made) -> made.forwarded();
      case NormalPath.Reading.Ambiguous(String why) -> why;
    };
  }

  @Test
  void noRewritingLeadsOutOfWhereTheRuleLeads() {
    String files = "{ match { path = \"/static*\" }, to = [{}], rewrite { prefix = \"/files/\" } }";
    assertThat(rewritten(files, "/static../etc")).isEqualTo("has a dot segment");
    assertThat(rewritten(files, "/static/a")).isEqualTo("/files/a");
    String moved =
        "{ match { method = GET }, redirect { host = x, path-regex = \"^/go\", substitution = \"/\" } }";
    assertThat(rewritten(moved, "/go/evil.example")).isEqualTo("/evil.example");
    assertThat(entry(moved).readsPath()).as("so the path is read").isTrue();
  }

  @Test
  void subsetsAloneAreARule() {
    assertThat(
            ((RouteRule)
                    RuleParser.parse(
                        "r.conf", "kind = route, service = a, subsets { v1 { version = v1 } }"))
                .subsets())
        .containsKey("v1");
  }

  @Test
  void redirectsThatEndAreNoLoops() {
    assertThat(
            parse(
                    """
                    { match { path = "/a/*" }, redirect { prefix = "/b/" } }
                    { match { path = "/b/*", header { x = y } }, redirect { prefix = "/e/" } }
                    { match { path = "/c" }, redirect { scheme = https } }
                    { match { path = "/d/*" }, redirect { host = other.example } }
                    """)
                .entries())
        .hasSize(4);
  }

  @Test
  void aMisspeltKeyIsTheLikelierMistakeThanNoEntry() {
    assertThatThrownBy(() -> RuleParser.parse("r.conf", "kind = route, service = a, ruels = []"))
        .hasMessage("r.conf:1: ruels: unknown key; did you mean \"rules\"?");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = true,
      quoteCharacter = '~',
      textBlock =
          """
          { to = [{}], redirect { path = "/x" } }                         | rules[0].redirect: an entry has one of to, redirect and respond
          { match { path = "/a" } }                                       | rules[0].to: an entry needs at least one target
          { match { path-regex = "(a" }, to = [{}] }                      | rules[0].match.path-regex: "(a" is not a regular expression of RE2
          { match { path-regex = "(a)\\\\1" }, to = [{}] }                  | rules[0].match.path-regex: "(a)\\1" is not a regular expression of RE2
          { match { path-regex = "(?=a)" }, to = [{}] }                   | has no backreferences and no lookaround
          { match { path = "/a", path-regex = "/b" }, to = [{}] }         | rules[0].match.path-regex: path, path-regex and grpc: use one of them
          { match { header { x { regexp = a } } }, to = [{}] }            | rules[0].match.header.x.regexp: unknown key; did you mean "regex"?
          { match { header { x { regex = a, not = b } } }, to = [{}] }    | rules[0].match.header.x: write a value, a list, or
          { match { header {} }, to = [{}] }                              | rules[0].match.header: is empty
          { match { header { X = a, x = b } }, to = [{}] }                | stands there twice
          { match { host = "a/b" }, to = [{}] }                           | rules[0].match.host: host "a/b" is neither a name nor *.name
          { match { source = "Web" }, to = [{}] }                         | rules[0].match.source:
          { to = [ { subset = v3 } ] }                                    | rules[0].to[0].subset: unknown subset "v3"; declared: v1
          { to = [ { fallback = v1 } ] }                                  | rules[0].to[0].fallback: is for a subset
          { to = [ { subset = v1, fallback = v1 } ] }                     | rules[0].to[0].fallback: is the subset itself
          { to = [ { subset = v1, fallback = v9 } ] }                     | rules[0].to[0].fallback: unknown subset "v9"; declared: v1
          { to = [ { subset = "*" } ] }                                   | rules[0].to[0].subset: "*" is no subset
          { to = [ { weight = 1 }, { weight = 1000001 } ] }               | rules[0].to[1].weight: 1000001 is not within 0 to 1000000
          { redirect {} }                                                 | rules[0].redirect: a redirect to the same place
          { redirect { status = 200, path = "/x" } }                      | rules[0].redirect.status: 200 is not within 301 to 308
          { redirect { status = 305, path = "/x" } }                      | rules[0].redirect.status: 305 is not one of 301, 302, 303, 307, 308
          { redirect { path = "/x" } }                                    | rules[0].redirect: a caller of / would be sent from redirect to redirect
          { match { path = "/a*" }, redirect { prefix = "/a/b" } }        | a caller of /a would be sent
          { match { path = "/a" }, redirect { path = "/b" } }, { match { path = "/b" }, redirect { path = "/a" } } | rules[0].redirect: a caller of /a would be sent
          { redirect { host = "a b" } }                                   | rules[0].redirect.host: "a b" is not a host
          { respond { status = 99 } }                                     | rules[0].respond.status: 99 is not within 200 to 599
          { respond { status = 204, body = x } }                          | rules[0].respond.body: an answer 204 has no body
          { respond { status = 200 }, rewrite { path = "/x" } }           | rules[0].rewrite: has no effect
          { to = [{}], rewrite {} }                                       | rules[0].rewrite: is empty
          { to = [{}], rewrite { prefix = "/x" } }                        | rules[0].rewrite.prefix: replaces what match.path found
          { to = [{}], rewrite { path = "/a/../x" } }                     | rules[0].rewrite.path: path "/a/../x" has a dot segment
          { to = [{}], rewrite { path = "x" } }                           | rules[0].rewrite.path: path "x" does not begin with /
          { to = [{}], rewrite { path = "/x?y" } }                        | has characters that a path has only escaped
          { to = [{}], rewrite { path-regex = "a", substitution = "$1" } } | rules[0].rewrite.substitution: "$1" is no group of the expression, which has 0
          { to = [{}], request-headers { set { host = x } } }             | rules[0].request-headers.set.host: host is changed with rewrite { host = ... }
          { to = [{}], request-headers { add { Content-Length = 3 } } }   | is the mesh's or frames the message
          { to = [{}], request-headers { remove = [ x_hostmesh_a ] } }    | rules[0].request-headers.remove: x_hostmesh_a is the mesh's
          { to = [{}], response-headers { set { a = "x\\ny" } } }          | rules[0].response-headers.set.a: has a character that no header's value may have
          { to = [{}], cors { methods = [ GET ] } }                       | rules[0].cors.origins: is required
          { to = [{}], cors { origins = "*", credentials = true } }       | rules[0].cors.credentials: with origins = "*" any page could act as its user
          { name = "a b", to = [{}] }                                     | rules[0].name: "a b" is not a name
          { name = a, to = [{}] }, { name = a, to = [{}] }                | rules[1].name: another entry of the route is named a
          { to = [{}], retires { attempts = 2 } }                         | rules[0].retires: unknown key
          """)
  void whatCannotBeMeantIsRefusedWithItsPlace(String rules, String message) {
    assertThatThrownBy(() -> parse(rules))
        .isInstanceOf(HoconException.class)
        .hasMessageContaining("r.conf:3")
        .hasMessageContaining(message);
  }
}
