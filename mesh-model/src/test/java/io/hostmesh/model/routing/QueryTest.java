package io.hostmesh.model.routing;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class QueryTest {
  @Test
  void everyReadingOfAQueryIsThere() {
    Query query = Query.of("/x?a=1&a=2+3&b&c=%41&d=1;e=2&%zz=%z");
    assertThat(query.values("a")).containsExactly("1", "2 3");
    assertThat(query.values("b")).containsExactly("");
    assertThat(query.values("c")).containsExactly("A");
    assertThat(query.values("d")).containsExactly("1;e=2", "1");
    assertThat(query.values("e")).containsExactly("2");
    assertThat(query.values("%zz")).as("undecodable, as written").containsExactly("%z");
    assertThat(query.values("f")).isEmpty();
    assertThat(Query.of("/a=1").values("/a")).isEmpty();
  }

  @Property
  void whateverStandsBesideAParameterItIsFound(@ForAll String before, @ForAll String behind) {
    assertThat(Query.of("/?" + before + "&token=abc&" + behind).values("token")).contains("abc");
  }
}
