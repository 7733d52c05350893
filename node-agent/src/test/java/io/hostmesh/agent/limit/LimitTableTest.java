package io.hostmesh.agent.limit;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.authz.Mark;
import io.hostmesh.agent.authz.Verdict;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.CallerPattern;
import io.hostmesh.model.rules.LimitRule;
import io.hostmesh.model.rules.RuleParser;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LimitTableTest {
  private static final ServiceName SHOP = ServiceName.of("shop");
  private static final long SECOND = 1_000_000_000L;

  private record Call(String instance, String source, String address, Map<String, String> headers)
      implements Asked {
    @Override
    public String values(String name) {
      return headers.getOrDefault(name, "");
    }

    @Override
    public String path() {
      return headers.getOrDefault(":path", "");
    }

    @Override
    public String method() {
      return "GET";
    }

    @Override
    public @Nullable String host() {
      return null;
    }

    @Override
    public List<String> headerValues(String name) {
      String value = headers.get(name);
      return value == null ? List.of() : List.of(value);
    }

    @Override
    public List<String> queryValues(String name) {
      return List.of();
    }

    @Override
    public boolean isFrom(CallerPattern pattern) {
      return pattern.toString().equals("default/" + source);
    }

    @Override
    public @Nullable String sourceMeta(String key) {
      return null;
    }
  }

  private static Call from(String source, String user) {
    return new Call("s1", source, "10.0.0.1", Map.of("x-user", user));
  }

  private static LimitRule rule(String scope, String limits) {
    return (LimitRule)
        RuleParser.parse(
            "test", "kind = limit, service = \"" + scope + "\"\nlimits = [\n" + limits + "\n]");
  }

  private static LimitTable table(LimitRule... rules) {
    return LimitTable.compile(SHOP, List.of(rules), null);
  }

  private static boolean allows(LimitTable table, Call call) {
    return table.request(call, 0).denied() == null;
  }

  @Test
  void whoIsOverALimitIsToldWhichAndUntilWhen() {
    LimitTable table = table(rule("shop", "{ name = all, rate = \"1/m\", burst = 2 }"));
    assertThat(Objects.requireNonNull(table.request(from("a", "u"), 0).standing()).remaining())
        .isEqualTo(1);
    assertThat(allows(table, from("b", "u"))).isTrue();
    Judgement judged = table.request(from("c", "u"), 20 * SECOND);
    Verdict.Denied denied = Objects.requireNonNull(judged.denied());
    assertThat(denied.why()).isEqualTo(Verdict.Why.LIMITED);
    assertThat(denied.by()).isEqualTo(new Mark("limit/default/shop#all", Mark.Kind.DENY));
    assertThat(denied.sentence())
        .isEqualTo(
            "over limit/default/shop#all, the limit of shop (1/m, burst 2); try again in 40 s");
    assertThat(Objects.requireNonNull(judged.standing()).reset()).isEqualTo(40);
  }

  @Test
  void keysAreJudgedTogetherAndInstancesApart() {
    LimitTable table =
        table(rule("shop", "{ name = a, rate = \"1/h\", per = [ source, header x-user ] }"));
    assertThat(allows(table, from("web", "ann"))).isTrue();
    assertThat(allows(table, from("web", "bob"))).isTrue();
    assertThat(allows(table, from("cart", "ann"))).isTrue();
    assertThat(allows(table, from("web", "ann"))).isFalse();
    assertThat(allows(table, new Call("s2", "web", "10.0.0.1", Map.of("x-user", "ann")))).isTrue();
    assertThat(allows(table, new Call("s1", "web", "", Map.of()))).isTrue();
    assertThat(allows(table, new Call("s1", "web", "", Map.of()))).as("without it").isFalse();
  }

  /** Narrow limit first: what it refuses has taken nothing from the wide one, and the reverse. */
  @Test
  void whoIsRefusedByOneTakesNothingOfTheOthers() {
    LimitTable table =
        table(
            rule("shop", "{ name = source, rate = \"1/h\", burst = 5, per = [ source ] }"),
            rule("default/*", "{ name = user, rate = \"1/h\", per = [ header x-user ] }"));
    assertThat(allows(table, from("web", "ann"))).isTrue();
    for (int i = 0; i < 20; i++) {
      assertThat(allows(table, from("web", "ann"))).isFalse();
    }
    for (String user : List.of("b", "c", "d", "e")) {
      assertThat(allows(table, from("web", user))).as(user).isTrue();
    }
    assertThat(table.request(from("web", "f"), 0).on(Verdict.OPEN).by().rule())
        .isEqualTo("limit/default/shop#source");
  }

  @Test
  void aLimitIsForWhatItsMatchHolds() {
    LimitTable table =
        table(
            rule(
                "shop",
                "{ name = a, rate = \"1/h\", match { path = \"/slow/*\", source = web } }\n"
                    + "{ name = b, rate = \"1/h\", match { source = cart } }"));
    assertThat(table.readsPaths()).isTrue();
    Call slow = new Call("s1", "web", "", Map.of(":path", "/slow/1"));
    assertThat(allows(table, slow)).isTrue();
    assertThat(allows(table, slow)).isFalse();
    assertThat(allows(table, new Call("s1", "web", "", Map.of(":path", "/fast")))).isTrue();
    assertThat(allows(table, new Call("s1", "till", "", Map.of(":path", "/slow/1")))).isTrue();
    Call cart = new Call("s1", "cart", "", Map.of());
    assertThat(table.connection(cart, 0).denied()).isNull();
    assertThat(table.connection(cart, 0).denied()).as("connections count as well").isNotNull();
    assertThat(table.connection(slow, 0).denied()).as("they have no path").isNull();
  }

  @Test
  void aLimitOnTrialIsOnlyNoted() {
    LimitTable table = table(rule("shop", "{ name = t, rate = \"1/h\", dry-run = true }"));
    assertThat(table.request(from("a", "u"), 0).on(Verdict.OPEN)).isSameAs(Verdict.OPEN);
    Judgement over = table.request(from("a", "u"), 0);
    assertThat(over.denied()).isNull();
    assertThat(over.standing()).isNull();
    assertThat(over.on(Verdict.OPEN).notes())
        .containsExactly(new Mark("limit/default/shop#t", Mark.Kind.DRY_RUN_DENY));
  }

  @Test
  void bareConnectionsAreJudgedByWhatTheyHave() {
    LimitTable table =
        table(
            rule(
                "shop",
                "{ name = a, rate = \"1/h\", burst = 2, per = [ source-address ] }\n"
                    + "{ name = b, rate = \"1/h\", per = [ header x-user ] }"));
    List<Boolean> let = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      let.add(table.connection(from("web", ""), 0).denied() == null);
    }
    assertThat(let).containsExactly(true, true, false);
  }

  /** Else whoever changes a rule would give everybody a new burst. */
  @Test
  void anotherTableOfTheSameLimitHasItsTokens() {
    LimitRule own = rule("shop", "{ name = a, rate = \"1/h\" }\n{ name = b, rate = \"9/s\" }");
    LimitTable first = table(own);
    assertThat(allows(first, from("web", ""))).isTrue();

    LimitRule other =
        rule("shop", "{ name = b, rate = \"8/s\" }\n{ name = a, rate = \"1/h\", dry-run = true }");
    LimitTable second = LimitTable.compile(SHOP, List.of(other), first);
    assertThat(second.request(from("web", ""), 0).notes()).hasSize(1);

    LimitTable third = LimitTable.compile(SHOP, List.of(own), second);
    assertThat(allows(third, from("web", ""))).isFalse();
    LimitRule more = rule("shop", "{ name = a, rate = \"2/h\" }");
    assertThat(allows(LimitTable.compile(SHOP, List.of(more), third), from("web", ""))).isTrue();
  }
}
