package io.hostmesh.runtime.admin;

import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a change says of itself for the audit log while it is made. Safe for any thread. */
public final class AuditNote {
  private final Map<String, Object> facts = new LinkedHashMap<>();

  /** What is changed, for instance {@code route default/greeter}; never a secret. */
  public AuditNote object(String object) {
    return put("object", object);
  }

  /**
   * @param revision how it was: a version, or {@code none}
   */
  public AuditNote before(String revision) {
    return put("before", revision);
  }

  /**
   * @param revision how it is now: a version, or {@code none}
   */
  public AuditNote after(String revision) {
    return put("after", revision);
  }

  private synchronized AuditNote put(String name, Object value) {
    facts.put(name, value);
    return this;
  }

  synchronized JsonObject json() {
    return new JsonObject(new LinkedHashMap<>(facts));
  }
}
