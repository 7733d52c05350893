package io.hostmesh.pilot.snapshot;

import io.hostmesh.model.Instance;
import io.hostmesh.model.Protocol;
import io.hostmesh.model.ServiceName;
import io.hostmesh.pilot.catalog.Entitlements;
import io.hostmesh.pilot.rules.RuleDocument;
import io.hostmesh.pilot.rules.RuleInForce;
import io.hostmesh.registry.Intentions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What pilot keeps on disk: the inputs of its last snapshot, so that it starts with them where the
 * registry is away, and knows what has disappeared where the registry comes back empty.
 *
 * @param rules the documents in force
 * @param protocols what each service of the directory speaks, or last spoke
 */
public record MeshMemory(
    List<Instance> instances,
    List<RuleDocument> rules,
    Entitlements entitlements,
    SortedMap<ServiceName, List<InetAddress>> virtualAddresses,
    SortedMap<ServiceName, Protocol> protocols,
    Intentions intentions) {
  public static final MeshMemory NOTHING =
      new MeshMemory(
          List.of(),
          List.of(),
          Entitlements.NONE,
          Collections.emptySortedMap(),
          Collections.emptySortedMap(),
          Intentions.NONE);

  public static MeshMemory of(Published published) {
    return new MeshMemory(
        published.inputs().instances(),
        published.rules().inForce().stream()
            .filter(rule -> !rule.standIn())
            .map(RuleInForce::document)
            .toList(),
        published.entitlements(),
        published.inputs().virtualAddresses(),
        published.inputs().protocols(),
        published.inputs().intentions().known());
  }

  public byte[] write() {
    JsonObject json =
        new JsonObject()
            .put("instances", array(instances.stream().map(MeshMemory::instance)))
            .put(
                "rules",
                array(
                    rules.stream()
                        .map(
                            rule ->
                                new JsonObject()
                                    .put("path", rule.path())
                                    .put("text", rule.text())
                                    .put("revision", rule.revision()))));
    JsonObject nodes = new JsonObject();
    entitlements
        .byNode()
        .forEach(
            (node, services) -> nodes.put(node, array(services.stream().map(ServiceName::full))));
    JsonObject versions = new JsonObject();
    entitlements.newest().forEach(versions::put);
    JsonObject virtual = new JsonObject();
    virtualAddresses.forEach(
        (service, list) ->
            virtual.put(service.full(), array(list.stream().map(InetAddress::getHostAddress))));
    JsonObject spoken = new JsonObject();
    protocols.forEach((service, protocol) -> spoken.put(service.full(), protocol.text()));
    return json.put("protocols", spoken)
        .put(
            "intentions",
            array(
                intentions.entries().stream()
                    .map(
                        entry ->
                            new JsonObject()
                                .put("name", entry.name())
                                .put("json", entry.json())
                                .put("revision", entry.modifyIndex()))))
        .put("entitled", nodes)
        .put("entitlement-versions", versions)
        .put("virtual-addresses", virtual)
        .toBuffer()
        .getBytes();
  }

  /**
   * @throws IllegalArgumentException where these are not the bytes that {@link #write} made
   */
  public static MeshMemory read(byte[] bytes) {
    try {
      JsonObject json = Buffer.buffer(bytes).toJsonObject();
      return new MeshMemory(
          objects(json, "instances").map(MeshMemory::instance).toList(),
          objects(json, "rules").map(MeshMemory::rule).toList(),
          entitlements(json),
          virtual(json.getJsonObject("virtual-addresses")),
          protocols(json.getJsonObject("protocols", new JsonObject())),
          intentions(json.getJsonArray("intentions", new JsonArray())));
    } catch (DecodeException | ClassCastException | NullPointerException e) {
      throw new IllegalArgumentException("not a memory of this pilot", e);
    }
  }

  private static Intentions intentions(JsonArray entries) {
    return new Intentions(
        entries.stream()
            .map(JsonObject.class::cast)
            .map(
                entry ->
                    new Intentions.Stored(
                        entry.getString("name"),
                        entry.getString("json"),
                        entry.getLong("revision")))
            .toList(),
        false);
  }

  private static JsonObject instance(Instance instance) {
    JsonObject meta = new JsonObject();
    instance.meta().forEach(meta::put);
    return new JsonObject()
        .put("id", instance.id())
        .put("service", instance.service().full())
        .put("node", instance.node())
        .put("address", instance.address())
        .put("port", instance.port())
        .put("protocol", instance.protocol().text())
        .put("meta", meta)
        .put("healthy", instance.healthy());
  }

  private static Instance instance(JsonObject json) {
    return new Instance(
        json.getString("id"),
        ServiceName.parse(json.getString("service")),
        json.getString("node"),
        json.getString("address"),
        json.getInteger("port"),
        Protocol.parse(json.getString("protocol")),
        json.getJsonObject("meta").stream()
            .collect(Collectors.toMap(Map.Entry::getKey, entry -> (String) entry.getValue())),
        json.getBoolean("healthy"));
  }

  private static RuleDocument rule(JsonObject json) {
    return new RuleDocument(
        json.getString("path"), json.getString("text"), json.getLong("revision"));
  }

  private static Entitlements entitlements(JsonObject json) {
    SortedMap<String, SortedSet<ServiceName>> byNode = new TreeMap<>();
    json.getJsonObject("entitled")
        .forEach(
            entry ->
                byNode.put(
                    entry.getKey(),
                    ((JsonArray) entry.getValue())
                        .stream()
                            .map(name -> ServiceName.parse((String) name))
                            .collect(Collectors.toCollection(TreeSet::new))));
    SortedMap<String, Long> newest = new TreeMap<>();
    json.getJsonObject("entitlement-versions")
        .forEach(entry -> newest.put(entry.getKey(), ((Number) entry.getValue()).longValue()));
    return new Entitlements(byNode, newest, new TreeMap<>());
  }

  private static SortedMap<ServiceName, List<InetAddress>> virtual(JsonObject json) {
    SortedMap<ServiceName, List<InetAddress>> addresses = new TreeMap<>();
    json.forEach(
        entry ->
            addresses.put(
                ServiceName.parse(entry.getKey()),
                ((JsonArray) entry.getValue())
                    .stream().map(text -> InetAddress.ofLiteral((String) text)).toList()));
    return addresses;
  }

  private static SortedMap<ServiceName, Protocol> protocols(JsonObject json) {
    SortedMap<ServiceName, Protocol> protocols = new TreeMap<>();
    json.forEach(
        entry ->
            protocols.put(
                ServiceName.parse(entry.getKey()), Protocol.parse((String) entry.getValue())));
    return protocols;
  }

  private static JsonArray array(Stream<?> items) {
    JsonArray array = new JsonArray();
    items.forEach(array::add);
    return array;
  }

  private static Stream<JsonObject> objects(JsonObject json, String key) {
    return json.getJsonArray(key).stream().map(JsonObject.class::cast);
  }
}
