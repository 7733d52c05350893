package io.hostmesh.agent.discovery;

import io.hostmesh.api.v1.AccessPolicy;
import io.hostmesh.api.v1.Grant;
import io.hostmesh.api.v1.Mode;
import io.hostmesh.api.v1.ModePolicy;
import io.hostmesh.api.v1.RequestShape;
import io.hostmesh.api.v1.Values;
import io.hostmesh.model.AddressRange;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.CallerPattern;
import io.hostmesh.model.rules.Grant.Callers;
import io.hostmesh.model.rules.Grant.Requests;
import io.hostmesh.model.rules.Grant.Shape;
import io.hostmesh.model.rules.Grant.Users;
import io.hostmesh.model.rules.HostPattern;
import io.hostmesh.model.rules.MeshMode;
import io.hostmesh.model.rules.ModeRule;
import io.hostmesh.model.rules.PathPattern;
import io.hostmesh.model.rules.Scope;
import io.hostmesh.model.rules.ValuePattern;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Access rules and modes as pilot hands them out, read back. */
final class PolicyResources {
  private PolicyResources() {}

  /**
   * A grant that allows, with conditions that this version does not know, is left out: without them
   * it would allow more than its author meant. One that denies stays, and denies more.
   */
  static AccessRule access(Scope scope, AccessPolicy message) throws UnusableResource {
    Origin origin = new Origin("access " + scope + " revision " + message.getRevision(), 0, "");
    List<io.hostmesh.model.rules.Grant> allow = new ArrayList<>();
    for (Grant grant : message.getAllowList()) {
      allow.add(isKnown(grant) ? grant(grant, origin) : nobody(grant, origin));
    }
    return new AccessRule(
        scope,
        message.getWithoutAllow() ? Optional.empty() : Optional.of(allow),
        grants(message.getDenyList(), origin),
        grants(message.getAuditList(), origin),
        switch (message.getDefaultAccess()) {
          case DEFAULT_ACCESS_UNSPECIFIED -> Optional.empty();
          case DEFAULT_ACCESS_ALLOW -> Optional.of(true);
          case DEFAULT_ACCESS_DENY -> Optional.of(false);
          case UNRECOGNIZED -> Optional.of(false);
        },
        message.getDryRun(),
        origin);
  }

  private static boolean isKnown(Grant grant) {
    return grant.getUnknownFields().asMap().isEmpty()
        && grant.getUnlessList().stream().allMatch(PolicyResources::isKnown);
  }

  private static boolean isKnown(RequestShape shape) {
    return shape.getUnknownFields().asMap().isEmpty();
  }

  /** What a grant excepts; an exception of which a part is not understood is none. */
  private static List<Shape> unless(Grant grant) throws UnusableResource {
    List<Shape> shapes = new ArrayList<>();
    for (RequestShape shape : grant.getUnlessList()) {
      if (isKnown(shape)) {
        shapes.add(
            new Shape(
                new HashSet<>(shape.getMethodsList()),
                shape.getPathsList().stream().map(PathPattern::new).toList(),
                values(shape.getHeadersMap())));
      }
    }
    return shapes;
  }

  /** Keeps the place of a grant in its list, by which logs call it, and holds no call. */
  private static io.hostmesh.model.rules.Grant nobody(Grant grant, Origin origin) {
    return new io.hostmesh.model.rules.Grant(
        name(grant),
        false,
        new Callers(
            List.of(CallerPattern.ANY_OF_MESH),
            List.of(CallerPattern.ANY_OF_MESH),
            List.of(),
            Set.of()),
        Requests.ALL,
        Users.ALL,
        origin);
  }

  private static Optional<String> name(Grant grant) {
    return grant.getName().isEmpty() ? Optional.empty() : Optional.of(grant.getName());
  }

  private static List<io.hostmesh.model.rules.Grant> grants(List<Grant> messages, Origin origin)
      throws UnusableResource {
    List<io.hostmesh.model.rules.Grant> grants = new ArrayList<>();
    for (Grant message : messages) {
      grants.add(grant(message, origin));
    }
    return grants;
  }

  private static io.hostmesh.model.rules.Grant grant(Grant grant, Origin origin)
      throws UnusableResource {
    List<CallerPattern> from = patterns(grant.getFromList());
    boolean mesh = from.isEmpty() && !grant.getEverybody();
    return new io.hostmesh.model.rules.Grant(
        name(grant),
        grant.getDryRun(),
        new Callers(
            mesh ? List.of(CallerPattern.ANY_OF_MESH) : from,
            patterns(grant.getNotFromList()),
            grant.getSourceNetworksList().stream().map(AddressRange::parse).toList(),
            new HashSet<>(grant.getPortsList())),
        new Requests(
            new HashSet<>(grant.getMethodsList()),
            grant.getPathsList().stream().map(PathPattern::new).toList(),
            grant.getNotPathsList().stream().map(PathPattern::new).toList(),
            grant.getHostsList().stream().map(HostPattern::new).toList(),
            values(grant.getHeadersMap()),
            unless(grant)),
        new Users(
            new HashSet<>(grant.getIssuersList()),
            new HashSet<>(grant.getAudiencesList()),
            values(grant.getClaimsMap())),
        origin);
  }

  private static List<CallerPattern> patterns(List<String> texts) {
    return texts.stream().map(CallerPattern::parse).toList();
  }

  private static Map<String, List<ValuePattern>> values(Map<String, Values> messages)
      throws UnusableResource {
    Map<String, List<ValuePattern>> values = new HashMap<>();
    for (Map.Entry<String, Values> entry : messages.entrySet()) {
      if (entry.getValue().getAnyCount() == 0) {
        throw new UnusableResource("has a grant with no value for " + entry.getKey());
      }
      values.put(
          entry.getKey(), entry.getValue().getAnyList().stream().map(ValuePattern::new).toList());
    }
    return values;
  }

  static ModeRule mode(Scope scope, ModePolicy message) {
    Map<Integer, MeshMode> ports = new HashMap<>();
    message.getPortsMap().forEach((port, mode) -> ports.put(port, mode(mode)));
    return new ModeRule(
        scope,
        message.getMode() == Mode.MODE_UNSPECIFIED
            ? Optional.empty()
            : Optional.of(mode(message.getMode())),
        ports,
        new Origin("mode " + scope + " revision " + message.getRevision(), 0, ""));
  }

  /** A mode that this agent does not know is the strictest. */
  private static MeshMode mode(Mode mode) {
    return switch (mode) {
      case MODE_PERMISSIVE -> MeshMode.PERMISSIVE;
      case MODE_DISABLED -> MeshMode.DISABLED;
      case MODE_STRICT, MODE_UNSPECIFIED, UNRECOGNIZED -> MeshMode.STRICT;
    };
  }
}
