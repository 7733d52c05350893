package io.hostmesh.pilot.snapshot;

import io.hostmesh.api.v1.AccessPolicy;
import io.hostmesh.api.v1.DefaultAccess;
import io.hostmesh.api.v1.Grant;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.pilot.intentions.IntentionRules;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Puts what follows from Consul's intentions beside the mesh's own rules, service by service. */
final class IntentionPolicies {
  private IntentionPolicies() {}

  static void add(
      SnapshotInputs inputs,
      SortedMap<String, AccessPolicy.Builder> policies,
      List<String> problems) {
    inputs.intentions().problem().ifPresent(problems::add);
    if (inputs.intentions().known().entries().isEmpty()) {
      return;
    }
    TreeSet<ServiceName> known = new TreeSet<>(inputs.listed());
    known.addAll(inputs.entitlements().services());
    inputs.rules().forEach(rule -> rule.rule().scope().service().ifPresent(known::add));
    IntentionRules.Translated translated =
        IntentionRules.translate(inputs.intentions().known(), known, open(inputs, known));
    problems.addAll(translated.problems());
    translated
        .rules()
        .forEach(
            (service, rule) ->
                merge(
                    policies.computeIfAbsent(service.full(), _ -> RuleCompiler.blank(rule.scope())),
                    rule,
                    problems));
  }

  /** Of which no rule of the mesh says anything that a default of deny would leave to others. */
  private static Set<ServiceName> open(SnapshotInputs inputs, Set<ServiceName> known) {
    if (inputs.terms().defaultAllow() || !inputs.intentionsOpen()) {
      return Set.of();
    }
    List<AccessRule> speaking =
        inputs.rules().stream()
            .map(inForce -> inForce.rule())
            .filter(AccessRule.class::isInstance)
            .map(AccessRule.class::cast)
            .filter(rule -> !rule.dryRun())
            .filter(rule -> rule.allow().isPresent() || rule.defaultAllow().isPresent())
            .toList();
    return known.stream()
        .filter(service -> speaking.stream().noneMatch(rule -> rule.scope().covers(service)))
        .collect(Collectors.toUnmodifiableSet());
  }

  private static void merge(AccessPolicy.Builder policy, AccessRule rule, List<String> problems) {
    if (policy.getDryRun()) {
      onTrial(policy);
      problems.add(
          "access rule "
              + rule.scope()
              + ": it is on trial beside Consul's intentions, so only what it denies is tried, not"
              + " what it allows");
    }
    AccessPolicy said =
        RuleCompiler.access(rule, rule.origin().key()).toBuilder()
            .clearNamespace()
            .clearService()
            .build();
    String revision = policy.getRevision();
    policy.addAllDeny(said.getDenyList());
    if (rule.allow().isPresent()) {
      policy.addAllAllow(said.getAllowList()).setWithoutAllow(false);
    }
    policy.setRevision(revision.isEmpty() ? "intentions-" + said.getRevision() : revision);
  }

  /** A policy is on trial whole or not at all, and intentions are not. */
  private static void onTrial(AccessPolicy.Builder policy) {
    List<Grant> tried =
        policy.getDenyList().stream().map(g -> g.toBuilder().setDryRun(true).build()).toList();
    policy
        .setDryRun(false)
        .clearAllow()
        .setWithoutAllow(true)
        .setDefaultAccess(DefaultAccess.DEFAULT_ACCESS_UNSPECIFIED)
        .clearDeny()
        .addAllDeny(tried);
  }
}
