package io.hostmesh.runtime.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.model.OperatorRole;
import io.hostmesh.model.hocon.Section;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which of a host's users has which role. */
class AdminAccessTest {
  private static final int DAEMON = 990;

  @TempDir Path etc;
  private Accounts accounts = Accounts.OF_THIS_HOST;

  @BeforeEach
  void aHostWithUsers() throws IOException {
    Files.writeString(
        etc.resolve("passwd"),
        """
        root:x:0:0:root:/root:/bin/bash
        ann:x:1001:1001::/home/ann:/bin/bash
        bob:x:1002:1002::/home/bob:/bin/bash
        broken
        """);
    Files.writeString(
        etc.resolve("group"),
        """
        ann:x:1001:
        ops:x:2000:bob,carl
        """);
    accounts = new Accounts(etc.resolve("passwd"), etc.resolve("group"));
  }

  private java.util.Optional<OperatorRole> role(String admin, int uid) {
    return AdminAccess.read(Section.parse("conf", admin))
        .role(new Peer(uid, uid, 1), DAEMON, accounts);
  }

  @Test
  void rootAndTheDaemonItselfAreAdmins() {
    assertThat(role("", 0)).contains(OperatorRole.ADMIN);
    assertThat(role("", DAEMON)).contains(OperatorRole.ADMIN);
    assertThat(role("", 1001)).isEmpty();
  }

  @Test
  void usersAndGroupsAreNamedOrNumbered() {
    assertThat(role("viewers.users = [ann]", 1001)).contains(OperatorRole.VIEWER);
    assertThat(role("viewers.users = [1002]", 1002)).contains(OperatorRole.VIEWER);
    assertThat(role("editors.groups = [ops]", 1002)).contains(OperatorRole.EDITOR);
    assertThat(role("editors.groups = [2000]", 1002)).contains(OperatorRole.EDITOR);
    assertThat(role("admins.groups = [1001]", 1001)).contains(OperatorRole.ADMIN);
    assertThat(role("viewers.users = [ann], editors.groups = [ops]", 1003)).isEmpty();
  }

  @Test
  void theHighestRoleCounts() {
    assertThat(role("viewers.users = [bob], admins.groups = [ops], editors.users = [bob]", 1002))
        .contains(OperatorRole.ADMIN);
  }
}
