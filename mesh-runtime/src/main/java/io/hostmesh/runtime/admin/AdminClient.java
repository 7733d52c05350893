package io.hostmesh.runtime.admin;

import io.hostmesh.runtime.UserError;
import io.vertx.core.json.JsonObject;
import java.time.Duration;

/** Asks a daemon's admin door, of this host or of another. Blocking, safe for any thread. */
public interface AdminClient {
  /**
   * @param pathAndQuery for instance {@code /v1/rules?dry-run=true}
   * @throws UserError where the daemon is not there, or says that the request is wrong
   */
  JsonObject ask(String method, String pathAndQuery, byte[] body, Duration limit);

  /** The same with a JSON body. */
  default JsonObject ask(String method, String pathAndQuery, JsonObject body, Duration limit) {
    return ask(method, pathAndQuery, body.toBuffer().getBytes(), limit);
  }

  /** A question without a body. */
  default JsonObject get(String pathAndQuery, Duration limit) {
    return ask("GET", pathAndQuery, new byte[0], limit);
  }
}
