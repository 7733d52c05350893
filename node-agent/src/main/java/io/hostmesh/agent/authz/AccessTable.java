package io.hostmesh.agent.authz;

import io.hostmesh.model.ServiceName;
import io.hostmesh.model.rules.AccessRule;
import io.hostmesh.model.rules.AccessRule.Grant;
import io.hostmesh.model.rules.PathPattern;
import java.util.List;
import java.util.Optional;

/** An access rule, compiled when it arrives. Immutable, for any thread. */
public final class AccessTable {
  private final AccessRule rule;
  private final Grant[] grants;
  private final boolean needsRequests;
  private final boolean readsPaths;

  private AccessTable(AccessRule rule) {
    this.rule = rule;
    this.grants = rule.allow().toArray(Grant[]::new);
    this.needsRequests = rule.needsRequests();
    this.readsPaths = rule.allow().stream().anyMatch(grant -> !grant.paths().isEmpty());
  }

  public static AccessTable compile(AccessRule rule) {
    return new AccessTable(rule);
  }

  public AccessRule rule() {
    return rule;
  }

  /**
   * Judges one HTTP request. Methods are compared as they are (RFC 9110 section 9.1: they are
   * case-sensitive).
   *
   * @param caller the proven identity; empty where there is none, which no rule allows
   * @param path as {@link RequestPath#read} has it where the table {@linkplain #readsPaths reads
   *     paths}
   */
  public Verdict request(Optional<ServiceName> caller, String method, String path) {
    if (caller.isEmpty()) {
      return denied("a caller without an identity");
    }
    for (Grant grant : grants) {
      if (!names(grant, caller.get())
          || !(grant.methods().isEmpty() || grant.methods().contains(method))) {
        continue;
      }
      if (grant.paths().isEmpty()) {
        return Verdict.ALLOWED;
      }
      if (covers(grant.paths(), path)) {
        return Verdict.ALLOWED;
      }
    }
    return denied(caller.get() + " with " + method + " " + RequestPath.shown(RequestPath.of(path)));
  }

  /** Judges a bare connection, which a rule that asks for methods or paths can never allow. */
  public Verdict connection(Optional<ServiceName> caller) {
    if (caller.isEmpty()) {
      return denied("a caller without an identity");
    }
    if (needsRequests) {
      return new Verdict.Denied(
          "the access rule of "
              + rule.service()
              + " names methods or paths, so a connection whose requests are not read is refused;"
              + " declare the service's protocol as http, http2 or grpc");
    }
    for (Grant grant : grants) {
      if (names(grant, caller.get())) {
        return Verdict.ALLOWED;
      }
    }
    return denied(caller.get().toString());
  }

  private Verdict denied(String what) {
    return new Verdict.Denied(
        "denied by the access rule of " + rule.service() + ": it does not allow " + what);
  }

  /** Whether any grant asks for the path, which must have one meaning then. */
  public boolean readsPaths() {
    return readsPaths;
  }

  private static boolean names(Grant grant, ServiceName caller) {
    return grant.from().isEmpty() || grant.from().contains(caller);
  }

  private static boolean covers(List<PathPattern> patterns, String path) {
    for (int i = 0; i < patterns.size(); i++) {
      if (patterns.get(i).matches(path)) {
        return true;
      }
    }
    return false;
  }
}
