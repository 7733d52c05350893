package io.hostmesh.pilot.catalog;

import io.hostmesh.model.ServiceName;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Decides which service gets which slot. Every pilot looks for a service's slot in the same order
 * (its hash, then upwards), and takes one by creating the slot's key, so no slot has two owners;
 * where pilots with different views took two slots for one service, the first in that order is its
 * own and the other is given back. A slot rests after its service has gone before another one may
 * have it. Pure.
 */
public final class AllotmentPlan {
  private AllotmentPlan() {}

  /** A change of one key, which is only made where the key is as it was read. */
  public sealed interface Step {
    int slot();

    /** Creates the key. */
    record Take(int slot, ServiceName service) implements Step {}

    /** Writes since when the service has had no instance, or that it has one again. */
    record Mark(Allotment as, Optional<Instant> idleSince) implements Step {
      @Override
      public int slot() {
        return as.slot();
      }
    }

    /** Deletes the key. */
    record Free(Allotment as) implements Step {
      @Override
      public int slot() {
        return as.slot();
      }
    }
  }

  /** The slot of each service that has one. */
  public static SortedMap<ServiceName, Integer> slots(Collection<Allotment> allotments, int slots) {
    SortedMap<ServiceName, Integer> owned = new TreeMap<>();
    owners(allotments, slots).forEach((service, allotment) -> owned.put(service, allotment.slot()));
    return owned;
  }

  private static Map<ServiceName, Allotment> owners(Collection<Allotment> allotments, int slots) {
    Map<ServiceName, Allotment> owners = new HashMap<>();
    for (Allotment allotment : allotments) {
      if (allotment.slot() >= 1 && allotment.slot() <= slots) {
        owners.merge(
            allotment.service(),
            allotment,
            (a, b) ->
                Comparator.<Allotment>comparingInt(x -> distance(x.service(), x.slot(), slots))
                            .compare(a, b)
                        <= 0
                    ? a
                    : b);
      }
    }
    return owners;
  }

  /**
   * What any pilot does for services without a slot.
   *
   * @param present services that have an instance
   */
  public static List<Step> takes(
      Collection<Allotment> allotments, Set<ServiceName> present, int slots) {
    Map<ServiceName, Allotment> owners = owners(allotments, slots);
    Set<Integer> used = new HashSet<>();
    allotments.forEach(allotment -> used.add(allotment.slot()));
    List<Step> steps = new ArrayList<>();
    for (ServiceName service : present.stream().sorted().toList()) {
      if (!owners.containsKey(service) && used.size() < slots) {
        int slot = first(service, slots);
        while (!used.add(slot)) {
          slot = slot % slots + 1;
        }
        steps.add(new Step.Take(slot, service));
      }
    }
    return List.copyOf(steps);
  }

  /**
   * What one pilot, the leader, does for order: marks who has gone and who is back, and frees what
   * has rested.
   */
  public static List<Step> housekeeping(
      Collection<Allotment> allotments,
      Set<ServiceName> present,
      int slots,
      Instant now,
      Duration rest) {
    Map<ServiceName, Allotment> owners = owners(allotments, slots);
    List<Step> steps = new ArrayList<>();
    for (Allotment allotment : allotments) {
      boolean owner = allotment.equals(owners.get(allotment.service()));
      boolean needed = owner && present.contains(allotment.service());
      if (needed) {
        if (allotment.idleSince().isPresent()) {
          steps.add(new Step.Mark(allotment, Optional.empty()));
        }
      } else if (allotment.idleSince().isEmpty()) {
        steps.add(new Step.Mark(allotment, Optional.of(now)));
      } else if (!now.isBefore(allotment.idleSince().get().plus(rest))) {
        steps.add(new Step.Free(allotment));
      }
    }
    return List.copyOf(steps);
  }

  /** Where a service's search begins: spread evenly, the same for every pilot. */
  static int first(ServiceName service, int slots) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(service.full().getBytes(StandardCharsets.UTF_8));
      return (int) Long.remainderUnsigned(ByteBuffer.wrap(digest).getLong(), slots) + 1;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static int distance(ServiceName service, int slot, int slots) {
    return Math.floorMod(slot - first(service, slots), slots);
  }
}
