package io.hostmesh.model.rules;

import io.hostmesh.model.hocon.Section;
import java.util.Optional;

/** Reads {@code balance { ... }}. */
final class BalanceParser {
  private BalanceParser() {}

  static Balance balance(Section section) {
    if (!section.has("policy")) {
      throw section.refuse("policy", "is required: least-request, round-robin or random");
    }
    return new Balance(
        Optional.of(section.choice("policy", BalancePolicy.class, BalancePolicy.LEAST_REQUEST)));
  }
}
