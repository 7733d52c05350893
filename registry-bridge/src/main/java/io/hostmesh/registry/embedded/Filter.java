package io.hostmesh.registry.embedded;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The one form of Consul's filter expressions that is served: {@code Selector == "value"}, or
 * {@code !=}.
 */
record Filter(String selector, boolean equal, String value) {
  private static final Pattern FORM =
      Pattern.compile("\\s*([A-Za-z][A-Za-z0-9_.-]*)\\s*(==|!=)\\s*\"([^\"]*)\"\\s*");

  static Filter parse(String expression) {
    Matcher matcher = FORM.matcher(expression);
    if (!matcher.matches()) {
      throw Refusal.badRequest(
          "Failed to create boolean expression evaluator: this embedded registry knows only"
              + " Selector == \"value\" and Selector != \"value\"");
    }
    return new Filter(matcher.group(1), matcher.group(2).equals("=="), matcher.group(3));
  }

  ArrayNode apply(ArrayNode all) {
    ArrayNode kept = Views.array();
    all.valueStream().filter(this::matches).forEach(kept::add);
    return kept;
  }

  private boolean matches(JsonNode entry) {
    JsonNode at = entry;
    for (String step : selector.split("\\.", -1)) {
      at = at.path(step);
    }
    return at.asText("").equals(value) == equal;
  }
}
