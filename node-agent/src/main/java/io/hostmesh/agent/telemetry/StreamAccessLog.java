package io.hostmesh.agent.telemetry;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Writes lines from a thread of its own. Event loops only put them into a bounded queue: where the
 * disk cannot keep up, lines are dropped and counted, never waited for.
 */
public final class StreamAccessLog implements AccessLog, AutoCloseable {
  private static final System.Logger LOG = System.getLogger(StreamAccessLog.class.getName());
  private static final int QUEUE = 16 * 1024;
  private static final String END = "";

  private final BlockingQueue<String> queue = new ArrayBlockingQueue<>(QUEUE);
  private final LongAdder dropped = new LongAdder();
  private final OutputStream out;
  private final Thread writer;

  public StreamAccessLog(OutputStream out) {
    this.out = new BufferedOutputStream(out, 64 * 1024);
    this.writer = Thread.ofPlatform().name("access-log").daemon().start(this::run);
  }

  @Override
  public void write(String line) {
    if (!queue.offer(line)) {
      dropped.increment();
    }
  }

  /** Lines lost so far, since writing was slower than the calls. */
  public long dropped() {
    return dropped.sum();
  }

  private void run() {
    try {
      while (true) {
        String line = queue.poll();
        if (line == null) {
          out.flush();
          line = queue.take();
        }
        if (line.equals(END)) {
          out.flush();
          return;
        }
        out.write(line.getBytes(StandardCharsets.UTF_8));
        out.write('\n');
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.ERROR, "the access log cannot be written and ends here", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Writes what is queued, for at most 2 s. */
  @Override
  public void close() throws IOException {
    try {
      if (queue.offer(END, 1, TimeUnit.SECONDS)) {
        writer.join(2000);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    writer.interrupt();
  }
}
