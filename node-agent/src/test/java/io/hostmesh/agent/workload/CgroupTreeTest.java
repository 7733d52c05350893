package io.hostmesh.agent.workload;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CgroupTreeTest {
  @Test
  void theMountIsFoundBesideTheFirstVersions() {
    List<String> mountinfo =
        List.of(
            "31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755",
            "40 31 0:37 / /sys/fs/cgroup/systemd rw shared:9 - cgroup cgroup rw,name=systemd",
            "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:10 - cgroup2 cgroup2 rw");

    assertThat(CgroupTree.mount(mountinfo)).contains(Path.of("/sys/fs/cgroup/unified"));
    assertThat(CgroupTree.mount(mountinfo.subList(0, 2))).isEmpty();
  }

  @Test
  void idsAreLearnedWhenTheyAreFirstSeen(@TempDir Path root) throws Exception {
    CgroupTree tree = new CgroupTree(root);
    assertThat(tree.path(inode(root))).contains("/");

    Path made = Files.createDirectories(root.resolve("system.slice/web.service"));

    assertThat(tree.path(inode(made))).contains("/system.slice/web.service");
    assertThat(tree.path(Long.MAX_VALUE)).isEmpty();
  }

  private static long inode(Path folder) throws Exception {
    return (Long) Files.getAttribute(folder, "unix:ino");
  }
}
