package io.hostmesh.model.rules;

import io.hostmesh.model.hocon.Origin;
import java.util.List;
import java.util.Optional;

/**
 * Who may call. All rules whose scope holds a service are judged together: what a grant of {@code
 * deny} holds is denied, whatever else is said; where any of them has a list {@code allow}, a grant
 * of one of these lists has to hold the call; where none has, the narrowest {@code default}
 * decides, and at last the mesh's.
 *
 * @param allow empty where the rule has no such list; a list without grants closes what no other
 *     rule opens
 * @param audit what is noted, and nothing else
 * @param defaultAllow for calls of which no list of any rule says anything
 * @param dryRun whether what it would deny is only counted and logged
 */
public record AccessRule(
    Scope scope,
    Optional<List<Grant>> allow,
    List<Grant> deny,
    List<Grant> audit,
    Optional<Boolean> defaultAllow,
    boolean dryRun,
    Origin origin)
    implements Rule {
  public AccessRule {
    allow = allow.map(List::copyOf);
    deny = List.copyOf(deny);
    audit = List.copyOf(audit);
  }

  /** A rule that allows these and nothing else. */
  public static AccessRule allowing(Scope scope, List<Grant> grants, Origin origin) {
    return new AccessRule(
        scope, Optional.of(grants), List.of(), List.of(), Optional.empty(), false, origin);
  }

  /** What holds in place of a document that cannot be read: nobody may call. */
  public static AccessRule standIn(Scope scope, Origin origin) {
    return allowing(scope, List.of(), origin);
  }

  @Override
  public RuleKind kind() {
    return RuleKind.ACCESS;
  }

  /** Whether it says nothing at all. */
  public boolean isBlank() {
    return allow.isEmpty() && deny.isEmpty() && audit.isEmpty() && defaultAllow.isEmpty();
  }

  /** Whether an allowing grant needs a request, so that bare connections must be refused. */
  public boolean needsRequests() {
    return allow.stream().flatMap(List::stream).anyMatch(Grant::needsRequests);
  }
}
