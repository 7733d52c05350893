package io.hostmesh.agent.redirect;

import io.hostmesh.model.AddressRange;
import io.hostmesh.model.hocon.Section;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.TreeSet;

/**
 * The configuration's {@code capture} object.
 *
 * @param enabled false leaves the kernel alone: programs then call the agent's ports themselves
 * @param virtual the ranges of virtual addresses
 * @param dns whether questions to the host's name servers pass the agent
 * @param source from which address applications are called
 * @param sourceMark of connections that come from a caller's address; never {@code mark}
 * @param bridges devices over which containers of this host call
 * @param confirmWithin after which an unconfirmed change undoes itself
 * @param onStop whether mesh traffic fails or passes uncaptured after an orderly stop
 */
public record CaptureSettings(
    boolean enabled,
    CaptureBackend backend,
    CaptureScope outbound,
    List<AddressRange> virtual,
    boolean dns,
    Ipv6 ipv6,
    int mark,
    CaptureSource source,
    int sourceMark,
    List<String> bridges,
    Duration confirmWithin,
    OnStop onStop,
    Exclusions exclusions) {

  /** Whether rules for IPv6 are made. */
  public enum Ipv6 {
    /** Where the host speaks it. */
    AUTO,
    ON,
    OFF
  }

  /** What becomes of the rules when the agent is stopped in an orderly way. */
  public enum OnStop {
    /** They are taken out: calls go where they went before there was a mesh, in plaintext. */
    OPEN,
    /** They stay: calls to the mesh fail until the agent is back. */
    CLOSED
  }

  /** 240.0.0.0/4 holds Consul's virtual addresses as well as ours; the IPv6 range is a ULA. */
  static final List<String> DEFAULT_VIRTUAL = List.of("240.0.0.0/4", "fd48:6f73:746d::/48");

  /**
   * Reads the object.
   *
   * @throws io.hostmesh.model.hocon.HoconException where a value cannot be used
   */
  public static CaptureSettings read(Section section) {
    Section exclude = section.section("exclude");
    boolean enabled = section.bool("enabled", true);
    int mark = section.integer("mark", 1, Integer.MAX_VALUE, CapturePlan.DEFAULT_MARK);
    return new CaptureSettings(
        enabled,
        section.choice("backend", CaptureBackend.class, CaptureBackend.AUTO),
        section.choice("outbound", CaptureScope.class, CaptureScope.MESH),
        ranges(section, "virtual", DEFAULT_VIRTUAL),
        section.bool("dns", true),
        section.choice("ipv6", Ipv6.class, Ipv6.AUTO),
        mark,
        source(section, enabled),
        sourceMark(section, mark),
        bridges(section),
        section.duration("confirm-within", Duration.ofSeconds(10)),
        section.choice("on-stop", OnStop.class, OnStop.CLOSED),
        new Exclusions(
            numbers(exclude, "uids", 0, Integer.MAX_VALUE),
            numbers(exclude, "ports", 1, 65535),
            ranges(exclude, "addresses", List.of())));
  }

  /** As the kernel allows devices' names, of which a rule may hold no other signs. */
  private static List<String> bridges(Section section) {
    List<String> bridges = section.strings("bridges");
    for (String bridge : bridges) {
      if (!bridge.matches("[A-Za-z0-9][A-Za-z0-9_.-]{0,13}[*]?")) {
        throw section.refuse(
            "bridges", "\"" + bridge + "\" is not a device's name such as docker0 or br-*");
      }
    }
    return List.copyOf(bridges);
  }

  private static CaptureSource source(Section section, boolean enabled) {
    CaptureSource source = section.choice("source", CaptureSource.class, CaptureSource.MESH);
    if (source == CaptureSource.PRESERVE && !enabled) {
      throw section.refuse(
          "source",
          "preserve needs rules that lead an application's answers back to the agent, but"
              + " capture.enabled = false: set it to true, or source = mesh");
    }
    return source;
  }

  private static int sourceMark(Section section, int mark) {
    int sourceMark =
        section.integer("source-mark", 1, Integer.MAX_VALUE, CapturePlan.DEFAULT_SOURCE_MARK);
    if (sourceMark == mark) {
      throw section.refuse(
          section.has("source-mark") ? "source-mark" : "mark",
          mark
              + " cannot be both capture.mark and capture.source-mark, since what carries the"
              + " latter stays on this host; give each its own");
    }
    return sourceMark;
  }

  /** The mark of connections that come from a caller's address; empty where none do. */
  public OptionalInt preserving() {
    return source == CaptureSource.PRESERVE ? OptionalInt.of(sourceMark) : OptionalInt.empty();
  }

  /** Whether rules for IPv6 are made on this host. */
  public boolean speaksIpv6() {
    return switch (ipv6) {
      case ON -> true;
      case OFF -> false;
      case AUTO -> Files.exists(Path.of("/proc/net/if_inet6"));
    };
  }

  /**
   * The plan of a host with these settings.
   *
   * @param nameservers of the host's resolv.conf
   */
  public CapturePlan plan(
      int agentUid,
      CapturePorts ports,
      Collection<Integer> servicePorts,
      Collection<InetSocketAddress> endpoints,
      List<InetAddress> nameservers) {
    return new CapturePlan(
        outbound,
        virtual,
        new HashSet<>(endpoints),
        new TreeSet<>(servicePorts),
        agentUid,
        mark,
        ports,
        dns ? nameservers : List.of(),
        exclusions,
        speaksIpv6(),
        preserving(),
        bridges);
  }

  private static List<AddressRange> ranges(Section section, String key, List<String> otherwise) {
    List<String> texts = section.has(key) ? section.strings(key) : otherwise;
    return texts.stream().map(text -> range(section, key, text)).toList();
  }

  private static AddressRange range(Section section, String key, String text) {
    try {
      return AddressRange.parse(text);
    } catch (IllegalArgumentException e) {
      throw section.refuse(key, "not a range such as 240.0.0.0/4: " + e.getMessage());
    }
  }

  private static TreeSet<Integer> numbers(Section section, String key, int min, int max) {
    TreeSet<Integer> numbers = new TreeSet<>();
    for (String text : section.strings(key)) {
      int number;
      try {
        number = Integer.parseInt(text);
      } catch (NumberFormatException e) {
        throw section.refuse(key, "\"" + text + "\" is not a number");
      }
      if (number < min || number > max) {
        throw section.refuse(key, number + " is not within " + min + " to " + max);
      }
      numbers.add(number);
    }
    return numbers;
  }
}
