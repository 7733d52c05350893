package io.hostmesh.model.rules;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.hostmesh.model.hocon.HoconException;

/** Whatever stands in the registry becomes a rule or a {@link HoconException}, nothing else. */
class RuleParserFuzzTest {
  @FuzzTest(maxDuration = "1m")
  void everyDocumentIsARuleOrARefusal(byte[] document) {
    try {
      Rule rule =
          RuleParser.parse("fuzz", new String(document, java.nio.charset.StandardCharsets.UTF_8));
      if (!RuleKey.parse(rule.key().path()).equals(java.util.Optional.of(rule.key()))) {
        throw new AssertionError("a key that does not survive its path: " + rule.key().path());
      }
    } catch (HoconException refused) {
      if (refused.getMessage() == null || !refused.getMessage().startsWith("fuzz")) {
        throw new AssertionError("a refusal without its place: " + refused.getMessage(), refused);
      }
    }
  }
}
