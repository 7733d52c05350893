package io.hostmesh.agent.local;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.concurrent.TimeUnit;

/**
 * Says that something in a folder changed (inotify), some moments after the last of several
 * changes, so that a file is not looked at while it is written.
 */
final class FolderWatch implements AutoCloseable {
  private static final long QUIET_MILLIS = 100;

  private final WatchService service;

  private FolderWatch(WatchService service) {
    this.service = service;
  }

  /**
   * @param changed called on the watch's own thread; at first for what happened before it began
   */
  static FolderWatch of(Path folder, Runnable changed) throws IOException {
    WatchService service = folder.getFileSystem().newWatchService();
    folder.register(
        service,
        StandardWatchEventKinds.ENTRY_CREATE,
        StandardWatchEventKinds.ENTRY_MODIFY,
        StandardWatchEventKinds.ENTRY_DELETE);
    Thread.ofPlatform()
        .name("watch " + folder.getFileName())
        .daemon()
        .start(() -> watch(service, changed));
    return new FolderWatch(service);
  }

  private static void watch(WatchService service, Runnable changed) {
    try {
      changed.run();
      while (true) {
        WatchKey key = service.take();
        do {
          for (WatchEvent<?> event : key.pollEvents()) {
            // What exactly changed does not matter: everything is read again.
            assert event.kind() != null;
          }
          key.reset();
          key = service.poll(QUIET_MILLIS, TimeUnit.MILLISECONDS);
        } while (key != null);
        changed.run();
      }
    } catch (InterruptedException | ClosedWatchServiceException _) {
      // The end of the watch.
    }
  }

  @Override
  public void close() throws IOException {
    service.close();
  }
}
