package io.hostmesh.agent.local;

import io.hostmesh.agent.workload.WorkloadSelector;
import io.hostmesh.model.Instance;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.model.hocon.HoconException;
import io.hostmesh.model.hocon.Origin;
import io.hostmesh.model.hocon.Section;
import io.hostmesh.registry.InstanceIds;
import io.hostmesh.runtime.config.ConfigFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A service of this host as a file of {@code services-dir} declares it.
 *
 * @param listener empty for a service that only calls others
 * @param workload which processes are the service
 * @param upstreams what it calls, fetched before the first call
 * @param origin where it is declared
 */
public record ServiceDefinition(
    ServiceName name,
    Optional<Listener> listener,
    WorkloadSelector workload,
    List<ServiceName> upstreams,
    Origin origin) {

  public ServiceDefinition {
    upstreams = List.copyOf(upstreams);
  }

  /**
   * The instance that others can call.
   *
   * @param instance its short id, unique on this host
   * @param application where it listens, as this host dials it
   * @param meta the user's metadata, which subsets select by
   * @param adopt the id of a service that Consul already has, which is then not registered again
   */
  public record Listener(
      String instance,
      InetSocketAddress application,
      Protocol protocol,
      SortedMap<String, String> meta,
      List<HealthCheck> checks,
      Optional<String> adopt) {
    public Listener {
      meta = Collections.unmodifiableSortedMap(new TreeMap<>(meta));
      checks = List.copyOf(checks);
    }

    public int port() {
      return application.getPort();
    }
  }

  /**
   * Reads the file of one service.
   *
   * @throws HoconException where the content cannot be used
   */
  static ServiceDefinition parse(String file, String text) {
    Section document = Section.parse(file, text);
    if (!document.has("service")) {
      document.end();
      throw new HoconException(document.origin(), "has no service { ... }");
    }
    Section section = document.section("service");
    ServiceDefinition definition = read(section);
    document.end();
    return definition;
  }

  /**
   * As {@link #parse}, of a file.
   *
   * @throws io.hostmesh.runtime.UserError where it cannot be read
   */
  static ServiceDefinition read(Path file) {
    return parse(file.toString(), ConfigFile.text(file));
  }

  private static ServiceDefinition read(Section section) {
    ServiceName plain = section.value("name", ServiceName::of);
    ServiceName name =
        section.value("namespace", namespace -> new ServiceName(namespace, plain.name()), plain);
    List<ServiceName> upstreams =
        section.strings("upstreams").stream().map(text -> upstream(section, text)).toList();
    Optional<Listener> listener =
        section.has("port") ? Optional.of(listener(section)) : noListener(section);
    Section workload =
        section
            .optionalSection("workload")
            .orElseThrow(
                () ->
                    section.refuse(
                        "workload",
                        "is required: say which processes are the service, for instance workload {"
                            + " unit = \""
                            + name.name()
                            + ".service\" }"));
    return new ServiceDefinition(
        name, listener, WorkloadSelector.read(workload), upstreams, section.origin());
  }

  private static ServiceName upstream(Section section, String text) {
    try {
      return ServiceName.parse(text);
    } catch (IllegalArgumentException e) {
      throw new HoconException(section.origin("upstreams"), String.valueOf(e.getMessage()), e);
    }
  }

  private static final List<String> OF_LISTENERS =
      List.of("address", "protocol", "id", "meta", "checks", "adopt");

  private static Optional<Listener> noListener(Section section) {
    for (String key : OF_LISTENERS) {
      if (section.has(key)) {
        throw section.refuse(
            key, "is of no use without port: nothing of the service can be called");
      }
    }
    return Optional.empty();
  }

  private static Listener listener(Section section) {
    int port = section.port("port");
    InetAddress address =
        section.value("address", InetAddress::ofLiteral, InetAddress.ofLiteral("127.0.0.1"));
    Optional<String> adopt = section.optionalString("adopt");
    String instance =
        section.value(
            "id", ServiceDefinition::label, adopt.map(InstanceIds::of).orElse("p" + port));
    List<HealthCheck> checks = section.sections("checks").stream().map(HealthCheck::read).toList();
    return new Listener(
        instance,
        new InetSocketAddress(address, port),
        section.value("protocol", Protocol::parse, Protocol.AUTO),
        meta(section),
        checks.isEmpty() ? List.of(HealthCheck.DEFAULT) : checks,
        adopt);
  }

  /** One DNS label, by the rule for all names. */
  private static String label(String text) {
    return ServiceName.of(text).name();
  }

  private static SortedMap<String, String> meta(Section section) {
    SortedMap<String, String> meta = section.stringMap("meta");
    for (String key : meta.keySet()) {
      if (key.startsWith(Instance.META_PREFIX)) {
        throw new HoconException(
            section.origin("meta"), "the key " + key + " is the mesh's own; use another one");
      }
    }
    return meta;
  }
}
