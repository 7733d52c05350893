package io.hostmesh.pilot.catalog;

import io.hostmesh.model.ServiceName;
import io.hostmesh.registry.Entry;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Optional;

/**
 * How an allotment stands in the registry: the key {@code hostmesh/vips/<slot>}, its value {@code
 * {"service": "<namespace>/<service>", "idle-since": "<time>"}}.
 */
final class AllotmentKey {
  static final String FOLDER = "hostmesh/vips/";

  private AllotmentKey() {}

  static String of(int slot) {
    return FOLDER + slot;
  }

  static byte[] value(ServiceName service, Optional<Instant> idleSince) {
    JsonObject json = new JsonObject().put("service", service.full());
    idleSince.ifPresent(since -> json.put("idle-since", since.toString()));
    return json.encode().getBytes(StandardCharsets.UTF_8);
  }

  /** Empty where somebody else wrote something there. */
  static Optional<Allotment> read(String key, Entry entry) {
    try {
      JsonObject json = Buffer.buffer(entry.bytes()).toJsonObject();
      String service = json.getString("service");
      if (service == null) {
        return Optional.empty();
      }
      return Optional.of(
          new Allotment(
              Integer.parseInt(key.substring(FOLDER.length())),
              ServiceName.parse(service),
              Optional.ofNullable(json.getString("idle-since")).map(Instant::parse),
              entry.modifyIndex()));
    } catch (DecodeException
        | DateTimeException
        | ClassCastException
        | IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
