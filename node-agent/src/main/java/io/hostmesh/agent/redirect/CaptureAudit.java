package io.hostmesh.agent.redirect;

import io.hostmesh.runtime.UserError;
import io.hostmesh.runtime.admin.Accounts;
import io.hostmesh.runtime.admin.AuditLog;
import io.hostmesh.runtime.admin.AuditNote;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.IntSupplier;

/**
 * Changes to the kernel's rules by hand, in the audit log that the agent writes to as well.
 *
 * @param log of the agent's state
 */
record CaptureAudit(AuditLog log) {
  /**
   * A change that is not made where the log cannot be written.
   *
   * @param action for instance {@code capture enable}
   */
  int change(String action, IntSupplier change) {
    return audited(log.begin(who(), action), change);
  }

  /** One that is made nevertheless: a host is mended with it, also one whose disk is full. */
  int undo(String action, IntSupplier change) {
    String id;
    try {
      id = log.begin(who(), action);
    } catch (UserError e) {
      System.err.println(
          "hostmesh-agent: " + action + " goes on without its line in the audit log: " + cause(e));
      return change.getAsInt();
    }
    return audited(id, change);
  }

  private int audited(String id, IntSupplier change) {
    int status;
    try {
      status = change.getAsInt();
    } catch (RuntimeException | Error e) {
      log.end(id, new AuditNote(), "refused: " + e.getMessage());
      throw e;
    }
    try {
      log.end(id, new AuditNote(), "done");
    } catch (UserError e) {
      System.err.println("hostmesh-agent: done, but the audit log has no word of it: " + cause(e));
    }
    return status;
  }

  private static String cause(UserError e) {
    return String.valueOf(Optional.ofNullable(e.getCause()).orElse(e));
  }

  private static JsonObject who() {
    JsonObject who = new JsonObject();
    try {
      int uid = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
      who.put("user", Accounts.OF_THIS_HOST.user(uid).orElseGet(() -> Integer.toString(uid)))
          .put("uid", uid);
    } catch (IOException e) {
      who.put("user", System.getProperty("user.name"));
    }
    Optional.ofNullable(System.getenv("SUDO_USER")).ifPresent(user -> who.put("sudo", user));
    return who.put("pid", ProcessHandle.current().pid()).put("role", "admin");
  }
}
