package io.hostmesh.pilot.snapshot;

import io.hostmesh.api.ResourceType;
import io.hostmesh.api.v1.AccessPolicy;
import io.hostmesh.api.v1.MeshSettings;
import io.hostmesh.api.v1.Mode;
import io.hostmesh.model.Instance;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.AuthenticationRule;
import io.hostmesh.model.rules.ExternalAuthorizationRule;
import io.hostmesh.model.rules.LimitRule;
import io.hostmesh.model.rules.ModeRule;
import io.hostmesh.model.rules.RouteRule;
import io.hostmesh.model.rules.Rule;
import io.hostmesh.model.rules.UpstreamRule;
import io.hostmesh.pilot.rules.RuleInForce;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** Makes a snapshot of its inputs. Pure: the same inputs give the same snapshot, to the byte. */
public final class SnapshotCompiler {
  /** The name of the one resource with the mesh's settings. */
  public static final String SETTINGS_NAME = "mesh";

  private SnapshotCompiler() {}

  public static Snapshot compile(SnapshotInputs inputs) {
    List<Resource> resources = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    resources.add(Resource.of(ResourceType.MESH_SETTINGS, SETTINGS_NAME, settings(inputs.terms())));

    Map<ServiceName, List<Instance>> byService = new HashMap<>();
    for (Instance instance : inputs.instances()) {
      byService.computeIfAbsent(instance.service(), _ -> new ArrayList<>()).add(instance);
    }
    UnplacedInstances unplaced = new UnplacedInstances(inputs.rules());
    ServiceCompiler services = new ServiceCompiler(inputs, problems);
    for (ServiceName service : inputs.listed()) {
      List<Instance> instances = byService.getOrDefault(service, List.of());
      resources.add(
          Resource.of(
              ResourceType.SERVICE, service.full(), services.directoryLine(service, instances)));
      resources.add(
          Resource.of(
              ResourceType.ENDPOINTS, service.full(), services.endpoints(service, instances)));
      unplaced.problem(service, instances).ifPresent(problems::add);
    }
    rules(inputs, resources, problems);
    return Snapshot.of(resources, inputs.entitlements().byNode(), problems);
  }

  private static MeshSettings settings(MeshTerms terms) {
    return MeshSettings.newBuilder()
        .setTrustDomain(terms.trustDomain())
        .setDatacenter(terms.datacenter())
        .setDefaultAllow(terms.defaultAllow())
        .setMode(terms.strict() ? Mode.MODE_STRICT : Mode.MODE_PERMISSIVE)
        .build();
  }

  /** What is judged together is one resource: agents never have a part of it only. */
  private static void rules(
      SnapshotInputs inputs, List<Resource> resources, List<String> problems) {
    SortedMap<String, AccessPolicy.Builder> policies = new TreeMap<>();
    for (RuleInForce inForce : inputs.rules()) {
      String name = inForce.rule().scope().path();
      String revision = inForce.revision();
      switch (inForce.rule()) {
        case RouteRule route ->
            resources.add(
                Resource.of(ResourceType.ROUTE, name, RouteCompiler.route(route, revision)));
        case ModeRule mode ->
            resources.add(
                Resource.of(ResourceType.MODE_POLICY, name, RuleCompiler.mode(mode, revision)));
        case UpstreamRule upstream ->
            resources.add(
                Resource.of(
                    ResourceType.UPSTREAM_POLICY,
                    name,
                    UpstreamCompiler.upstream(upstream, revision)));
        case LimitRule limits ->
            resources.add(
                Resource.of(
                    ResourceType.LIMIT_POLICY, name, LimitCompiler.limits(limits, revision)));
        case AccessRule access ->
            policy(policies, access)
                .mergeFrom(RuleCompiler.access(access, revision))
                .setWithoutAllow(access.allow().isEmpty());
        case AuthenticationRule tokens ->
            policy(policies, tokens)
                .setAuthentication(EndUserCompiler.authentication(tokens, revision));
        case ExternalAuthorizationRule external ->
            policy(policies, external).setExternal(EndUserCompiler.external(external, revision));
      }
    }
    IntentionPolicies.add(inputs, policies, problems);
    policies.forEach(
        (name, policy) ->
            resources.add(Resource.of(ResourceType.ACCESS_POLICY, name, policy.build())));
  }

  private static AccessPolicy.Builder policy(
      SortedMap<String, AccessPolicy.Builder> policies, Rule rule) {
    return policies.computeIfAbsent(rule.scope().path(), _ -> RuleCompiler.blank(rule.scope()));
  }
}
