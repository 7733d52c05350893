package io.hostmesh.runtime.admin;

import io.hostmesh.model.OperatorRole;
import io.hostmesh.model.SpiffeId;
import io.vertx.core.json.JsonObject;

/** Who asks at a daemon's admin door, as it was proven. */
public sealed interface Caller {
  OperatorRole role();

  /** For records and messages, for instance {@code root (uid 0)}. */
  String text();

  /** The same for the audit log. */
  JsonObject json();

  /**
   * A process of this host, by the kernel's word.
   *
   * @param user its user's name, the number where the user has none
   */
  record Local(Peer peer, String user, OperatorRole role) implements Caller {
    @Override
    public String text() {
      return user + " (uid " + peer.uid() + ")";
    }

    @Override
    public JsonObject json() {
      return new JsonObject()
          .put("user", user)
          .put("uid", peer.uid())
          .put("pid", peer.pid())
          .put("role", role.text());
    }
  }

  /**
   * Someone with an operator's certificate.
   *
   * @param serial of the certificate, hexadecimal
   * @param address where from
   */
  record Remote(SpiffeId.Operator id, String serial, String address) implements Caller {
    @Override
    public OperatorRole role() {
      return id.role();
    }

    @Override
    public String text() {
      return id.uri();
    }

    @Override
    public JsonObject json() {
      return new JsonObject()
          .put("operator", id.uri())
          .put("serial", serial)
          .put("address", address)
          .put("role", id.role().text());
    }
  }
}
