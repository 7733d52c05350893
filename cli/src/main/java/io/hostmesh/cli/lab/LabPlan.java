package io.hostmesh.cli.lab;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * What {@code lab up} was asked for.
 *
 * @param hosts how many, 1 to {@value LabHost#MAX}
 * @param settings HOCON settings for the daemons, as they were typed
 */
record LabPlan(int hosts, RegistryChoice registry, List<String> settings) {
  LabPlan {
    settings = List.copyOf(settings);
  }

  void write(Path file) throws IOException {
    Files.writeString(
        file,
        new JsonObject()
            .put("hosts", hosts)
            .put("registry", registry.text())
            .put("settings", new JsonArray(settings))
            .encodePrettily());
  }

  static LabPlan read(Path file) throws IOException {
    JsonObject json = new JsonObject(Files.readString(file));
    return new LabPlan(
        json.getInteger("hosts"),
        RegistryChoice.parse(json.getString("registry")),
        json.getJsonArray("settings").stream().map(String::valueOf).toList());
  }
}
