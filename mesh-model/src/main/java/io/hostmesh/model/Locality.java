package io.hostmesh.model;

import java.util.Map;
import java.util.regex.Pattern;

/**
 * Where a host stands: a region, and a zone of it. Zones of different regions are different ones,
 * whatever they are called.
 *
 * @param region empty where nobody said
 * @param zone empty where nobody said; never set without a region
 */
public record Locality(String region, String zone) {
  /** Nobody said anything. */
  public static final Locality NONE = new Locality("", "");

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}");

  public Locality {
    if (region.isEmpty() && !zone.isEmpty()) {
      throw new IllegalArgumentException(
          "zone \"" + zone + "\" is of no region; name the region too");
    }
  }

  /**
   * The name of a region or zone.
   *
   * @throws IllegalArgumentException where it cannot be one
   */
  public static String name(String text) {
    if (!NAME.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "\""
              + text
              + "\" is not a name: use 1 to 63 letters, digits, dots, underscores and hyphens, a"
              + " letter or digit first");
    }
    return text;
  }

  /**
   * Where an instance stands: as its host's agent says, else as its own metadata {@code region} and
   * {@code zone} do, which is how services outside the mesh say it.
   */
  public static Locality of(Map<String, String> meta) {
    String region = meta.getOrDefault(Instance.META_REGION, "");
    return region.isEmpty()
        ? of(meta.getOrDefault(Instance.REGION, ""), meta.getOrDefault(Instance.ZONE, ""))
        : of(region, meta.getOrDefault(Instance.META_ZONE, ""));
  }

  /** As others wrote it: a zone without a region says nothing. */
  public static Locality of(String region, String zone) {
    return region.isEmpty() ? NONE : new Locality(region, zone);
  }

  /** Whether it says anything. */
  public boolean isKnown() {
    return !region.isEmpty();
  }

  /** {@code region/zone}. */
  @Override
  public String toString() {
    return zone.isEmpty() ? region : region + "/" + zone;
  }
}
