package io.hostmesh.model.rules;

import io.hostmesh.model.Locality;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.model.rules.LocalityPolicy.Failover;
import io.hostmesh.model.rules.LocalityPolicy.Prefer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads {@code locality { ... }} of {@code kind = upstream}. */
final class LocalityParser {
  private LocalityParser() {}

  static LocalityPolicy locality(Section section) {
    Prefer prefer = section.choice("prefer", Prefer.class, Prefer.ZONE);
    Share spillOver = section.value("spill-over", Share::parse, Share.percent(0));
    if (spillOver.fraction() > 0.5) {
      throw section.refuse(
          "spill-over",
          "is not within 0% to 50%: with " + spillOver + " the nearest would get the smaller part");
    }
    List<Failover> failover = new ArrayList<>();
    Set<String> held = new HashSet<>();
    boolean forAll = false;
    for (Section order : section.sections("failover")) {
      Failover each = failover(order);
      boolean unreachable = forAll || (!each.from().isEmpty() && held.containsAll(each.from()));
      if (unreachable) {
        throw order.refuse(
            order.has("from") ? "from" : "to",
            "is never asked: an order before it holds all of these callers; move it up, or take it"
                + " out");
      }
      held.addAll(each.from());
      forAll = each.from().isEmpty();
      failover.add(each);
    }
    section.end();
    return new LocalityPolicy(prefer, spillOver, failover);
  }

  private static Failover failover(Section order) {
    List<String> from = regions(order, "from");
    List<String> to = regions(order, "to");
    if (to.isEmpty()) {
      throw order.refuse("to", "is required: the regions that follow, the nearest first");
    }
    for (String region : to) {
      if (from.contains(region)) {
        throw order.refuse(
            "to", "\"" + region + "\" is in from too: a caller's own region is always before");
      }
    }
    order.end();
    return new Failover(Set.copyOf(from), to);
  }

  private static List<String> regions(Section order, String key) {
    List<String> regions = order.strings(key);
    Set<String> seen = new HashSet<>();
    for (String region : regions) {
      try {
        Locality.name(region);
      } catch (IllegalArgumentException e) {
        throw order.refuse(key, String.valueOf(e.getMessage()));
      }
      if (!seen.add(region)) {
        throw order.refuse(key, "names the region \"" + region + "\" twice");
      }
    }
    return regions;
  }
}
