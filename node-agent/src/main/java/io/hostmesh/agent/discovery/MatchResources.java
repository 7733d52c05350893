package io.hostmesh.agent.discovery;

import io.hostmesh.api.v1.RequestMatch;
import io.hostmesh.api.v1.ValueMatch;
import io.hostmesh.api.v1.Values;
import io.hostmesh.model.rules.CallerPattern;
import io.hostmesh.model.rules.HostPattern;
import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.Regex;
import io.hostmesh.model.rules.ValuePattern;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Conditions on requests, as pilot hands them out. */
final class MatchResources {
  private MatchResources() {}

  /**
   * @throws UnusableResource where it has a condition of a newer contract: without it, it would
   *     hold more requests than it is meant for
   * @throws IllegalArgumentException where a pattern is none
   */
  static io.hostmesh.model.rules.RequestMatch match(RequestMatch message) throws UnusableResource {
    if (!message.getUnknownFields().asMap().isEmpty()) {
      throw newer();
    }
    return new io.hostmesh.model.rules.RequestMatch(
        message.getPathsList().stream().map(PathPattern::new).toList(),
        message.getPathRegex().isEmpty()
            ? Optional.empty()
            : Optional.of(new Regex(message.getPathRegex())),
        new HashSet<>(message.getMethodsList()),
        values(message.getHeadersMap()),
        values(message.getQueryMap()),
        message.getHostsList().stream().map(HostPattern::new).toList(),
        message.getSourcesList().stream().map(CallerPattern::parse).toList(),
        message.getSourceMetaMap());
  }

  static Map<String, io.hostmesh.model.rules.ValueMatch> values(Map<String, ValueMatch> messages)
      throws UnusableResource {
    Map<String, io.hostmesh.model.rules.ValueMatch> values = new HashMap<>();
    for (Map.Entry<String, ValueMatch> message : messages.entrySet()) {
      values.put(message.getKey(), value(message.getValue()));
    }
    return values;
  }

  private static io.hostmesh.model.rules.ValueMatch value(ValueMatch message)
      throws UnusableResource {
    return switch (message.getHowCase()) {
      case ANY_OF -> new io.hostmesh.model.rules.ValueMatch.AnyOf(patterns(message.getAnyOf()));
      case NONE_OF -> new io.hostmesh.model.rules.ValueMatch.NoneOf(patterns(message.getNoneOf()));
      case REGEX -> new io.hostmesh.model.rules.ValueMatch.Like(new Regex(message.getRegex()));
      case ABSENT -> new io.hostmesh.model.rules.ValueMatch.Absent();
      case HOW_NOT_SET -> throw newer();
    };
  }

  static List<ValuePattern> patterns(Values values) {
    return values.getAnyList().stream().map(ValuePattern::new).toList();
  }

  static UnusableResource newer() {
    return new UnusableResource("has conditions that this version does not know");
  }
}
