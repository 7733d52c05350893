package io.hostmesh.runtime.admin;

import io.hostmesh.model.hocon.Section;
import io.hostmesh.runtime.HostPort;
import java.nio.file.Path;
import java.util.Optional;

/**
 * How operators reach a daemon: the objects {@code admin} and {@code audit} of its configuration.
 *
 * @param socket {@code admin.socket}
 * @param listen {@code admin.listen}: where operators of other hosts ask; empty for nowhere
 * @param access {@code admin.viewers}, {@code admin.editors}, {@code admin.admins}
 */
public record AdminSettings(
    Path socket, Optional<HostPort> listen, AdminAccess access, AuditLog.Settings audit) {

  /**
   * @param document the whole configuration
   * @throws io.hostmesh.model.hocon.HoconException where a value cannot be used
   */
  public static AdminSettings read(Section document, Path socket) {
    Section admin = document.section("admin");
    return new AdminSettings(
        admin.value("socket", Path::of, socket),
        admin.optionalValue("listen", HostPort::parse),
        AdminAccess.read(admin),
        AuditLog.Settings.read(document.section("audit")));
  }
}
