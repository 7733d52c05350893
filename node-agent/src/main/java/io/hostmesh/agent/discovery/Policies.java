package io.hostmesh.agent.discovery;

import io.hostmesh.agent.authz.AccessTable;
import io.hostmesh.api.ResourceType;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.AuthenticationRule;
import io.hostmesh.model.rules.ExternalAuthorizationRule;
import io.hostmesh.model.rules.JwtIssuer;
import io.hostmesh.model.rules.MeshMode;
import io.hostmesh.model.rules.ModeRule;
import io.hostmesh.model.rules.Scope;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Who may call each service of this host, and how. A table whose rules did not change is taken over
 * from the policies before, so that it stays the same object. Immutable.
 */
final class Policies {
  static final Policies NONE =
      new Policies(Optional.empty(), Map.of(), Map.of(), Map.of(), Map.of());

  private final Optional<MeshSettings> settings;
  private final Map<ServiceName, Compiled> access;
  private final Map<ServiceName, List<ModeRule>> modes;
  private final Map<ServiceName, AuthenticationRule> authentication;
  private final Map<ServiceName, List<ExternalAuthorizationRule>> external;

  /**
   * @param rules what the table was made of
   */
  private record Compiled(List<AccessRule> rules, Optional<AccessTable> table) {}

  private Policies(
      Optional<MeshSettings> settings,
      Map<ServiceName, Compiled> access,
      Map<ServiceName, List<ModeRule>> modes,
      Map<ServiceName, AuthenticationRule> authentication,
      Map<ServiceName, List<ExternalAuthorizationRule>> external) {
    this.authentication = authentication;
    this.external = external;
    this.settings = settings;
    this.access = access;
    this.modes = modes;
  }

  Policies next(DiscoveryState state, Optional<MeshSettings> newest) {
    Held rules = state.of(ResourceType.ACCESS_POLICY);
    Map<ServiceName, Compiled> nextAccess = new HashMap<>();
    Map<ServiceName, AuthenticationRule> authentication = new HashMap<>();
    Map<ServiceName, List<ExternalAuthorizationRule>> external = new HashMap<>();
    for (ServiceName service : services(rules)) {
      List<AccessRule> found = new ArrayList<>();
      List<AuthenticationRule> tokens = new ArrayList<>();
      List<ExternalAuthorizationRule> asked = new ArrayList<>();
      boolean heard = true;
      for (Scope scope : Scope.around(service)) {
        heard &= rules.knows(scope.path());
        Accepted accepted = rules.byName().get(scope.path());
        if (accepted != null && accepted.content() instanceof Content.Access said) {
          if (!said.rule().isBlank()) {
            found.add(said.rule());
          }
          said.authentication().ifPresent(tokens::add);
          said.external().ifPresent(asked::add);
        }
      }
      if (heard) {
        nextAccess.put(service, compiled(service, found, newest));
        EndUserResources.together(Scope.of(service), tokens)
            .ifPresent(rule -> authentication.put(service, rule));
        external.put(service, List.copyOf(asked));
      }
    }
    return new Policies(
        newest, nextAccess, modes(state.of(ResourceType.MODE_POLICY)), authentication, external);
  }

  private Compiled compiled(
      ServiceName service, List<AccessRule> rules, Optional<MeshSettings> newest) {
    Compiled before = access.get(service);
    if (before != null && before.rules().equals(rules) && settings.equals(newest)) {
      return before;
    }
    return new Compiled(
        List.copyOf(rules),
        rules.isEmpty()
            ? Optional.empty()
            : Optional.of(
                AccessTable.compile(
                    service,
                    newest.map(MeshSettings::trustDomain).orElse(""),
                    rules,
                    newest.map(MeshSettings::defaultAllow).orElse(false))));
  }

  private static Map<ServiceName, List<ModeRule>> modes(Held rules) {
    Map<ServiceName, List<ModeRule>> modes = new HashMap<>();
    for (ServiceName service : services(rules)) {
      List<ModeRule> found = new ArrayList<>();
      for (Scope scope : Scope.around(service)) {
        Accepted accepted = rules.byName().get(scope.path());
        if (accepted != null && accepted.content() instanceof Content.Mode(ModeRule rule)) {
          found.add(rule);
        }
      }
      if (!found.isEmpty()) {
        modes.put(service, List.copyOf(found));
      }
    }
    return modes;
  }

  /** The services of this host of which pilot has said something. */
  static Set<ServiceName> services(Held rules) {
    Set<ServiceName> services = new HashSet<>();
    for (Set<String> names : List.of(rules.byName().keySet(), rules.absent())) {
      for (String name : names) {
        Scope.parse(name).service().ifPresent(services::add);
      }
    }
    return services;
  }

  /** Closed until pilot has said whether there is a rule: silence must not open a service. */
  Optional<AccessTable> access(ServiceName service) {
    Compiled known = access.get(service);
    return known == null ? Optional.of(AccessTable.UNHEARD) : known.table();
  }

  /** Empty where nobody asks for tokens; where that is not heard yet, nobody may call anyway. */
  Optional<AuthenticationRule> authentication(ServiceName service) {
    return Optional.ofNullable(authentication.get(service));
  }

  List<ExternalAuthorizationRule> external(ServiceName service) {
    return external.getOrDefault(service, List.of());
  }

  Set<JwtIssuer.Jwks> keySets() {
    Set<JwtIssuer.Jwks> all = new HashSet<>();
    for (AuthenticationRule rule : authentication.values()) {
      rule.issuers().forEach(issuer -> all.add(issuer.jwks()));
    }
    return all;
  }

  /** The narrowest rule that speaks of the port decides, and at last the mesh's setting. */
  MeshMode mode(ServiceName service, int port) {
    for (ModeRule rule : modes.getOrDefault(service, List.of())) {
      Optional<MeshMode> mode = rule.of(port);
      if (mode.isPresent()) {
        return mode.get();
      }
    }
    return settings.map(MeshSettings::strict).orElse(true) ? MeshMode.STRICT : MeshMode.PERMISSIVE;
  }
}
