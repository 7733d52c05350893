package io.hostmesh.agent.outbound;

import io.hostmesh.agent.balance.Load;
import io.hostmesh.agent.balance.Loads;
import io.hostmesh.agent.balance.Members;
import io.hostmesh.model.ServiceName;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * What people should know of a service that this host calls: an instance that is left out, a limit
 * that was met.
 *
 * @param text one line, without the service's name
 */
public record Protected(ServiceName service, String text) {
  private static final int MOST = 200;

  static List<Protected> now(Loads loads, Members members, ActiveChecks checks, long nowNanos) {
    List<Protected> all = new ArrayList<>();
    for (Load load : loads.all()) {
      for (Members.Candidate each : members.known(load.service())) {
        String why = each.member().why(nowNanos);
        if (!why.isEmpty()) {
          all.add(
              new Protected(
                  load.service(),
                  "instance %s on %s %s"
                      .formatted(each.endpoint().instance(), each.endpoint().node(), why)));
        }
      }
      checks.refusals(load.service()).forEach(why -> all.add(new Protected(load.service(), why)));
      for (Load.Kind kind : Load.Kind.values()) {
        if (load.refusals(kind) > 0) {
          all.add(
              new Protected(
                  load.service(),
                  "%d times refused by the limit of %s, %d under way now"
                      .formatted(load.refusals(kind), kind.key(), load.count(kind))));
        }
      }
    }
    all.sort(
        Comparator.comparing((Protected each) -> each.service().full())
            .thenComparing(Protected::text));
    return List.copyOf(all.subList(0, Math.min(MOST, all.size())));
  }
}
