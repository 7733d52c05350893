package io.hostmesh.agent.protocol;

import io.hostmesh.agent.telemetry.Failure;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Joins two byte streams until both ended: bytes, ends and resets arrive on the other side as they
 * were sent, each side only as fast as the other takes them. Both belong to one event loop and are
 * not read but by this.
 */
public final class Relay {
  /**
   * What happened.
   *
   * @param failure null where both sides ended in order
   * @param fromCaller bytes
   * @param toCaller bytes
   * @param serverName which the caller's TLS asked for; empty where it is none or named none
   */
  public record Result(
      @Nullable Failure failure, long fromCaller, long toCaller, String serverName) {}

  /** Gets what happened when both sides are closed. */
  @FunctionalInterface
  public interface Ended {
    void ended(Result result);
  }

  private final Side caller;
  private final Side service;
  private final Ended ended;
  private final ServerName serverName = new ServerName();
  private @Nullable Failure failure;
  private int closed;

  private Relay(ByteStream caller, ByteStream service, Ended ended) {
    this.caller = new Side(this, caller, Failure.Kind.CALLER_GONE, "the caller");
    this.service = new Side(this, service, Failure.Kind.UPSTREAM_RESET, "the service's side");
    this.ended = ended;
    this.caller.peer = this.service;
    this.service.peer = this.caller;
  }

  /** Begins to move bytes. */
  public static Relay join(ByteStream caller, ByteStream service, Ended ended) {
    Relay relay = new Relay(caller, service, ended);
    relay.caller.begin();
    relay.service.begin();
    relay.caller.readOn();
    relay.service.readOn();
    return relay;
  }

  /** Ends both sides in the middle, where they have not ended yet. */
  public void breakOff(Failure why) {
    if (closed < 2) {
      broken(why);
    }
  }

  private void broken(Side side, String how) {
    broken(new Failure(side.kind, side.name + " " + how));
  }

  private void broken(Failure why) {
    if (failure == null) {
      failure = why;
    }
    caller.stream.reset();
    service.stream.reset();
  }

  private void closed() {
    closed++;
    if (closed == 2) {
      ended.ended(new Result(failure, caller.bytes, service.bytes, serverName.name()));
    }
  }

  private static final class Side implements ByteStream.Receiver {
    private final Relay relay;
    private final ByteStream stream;
    private final Failure.Kind kind;
    private final String name;
    private @Nullable Side peer;
    private long bytes;
    private boolean inputEnded;
    private boolean outputEnded;
    private boolean closed;

    Side(Relay relay, ByteStream stream, Failure.Kind kind, String name) {
      this.relay = relay;
      this.stream = stream;
      this.kind = kind;
      this.name = name;
    }

    private Side peer() {
      Side other = peer;
      if (other == null) {
        throw new IllegalStateException("a relay has two sides");
      }
      return other;
    }

    void begin() {
      stream.begin(this);
    }

    void readOn() {
      if (!inputEnded && !closed && peer().stream.writable()) {
        stream.read();
      }
    }

    @Override
    public void received(ByteBuf buffer) {
      bytes += buffer.readableBytes();
      if (this == relay.caller) {
        relay.serverName.pass(buffer);
      }
      peer().stream.write(buffer);
    }

    @Override
    public void batchEnd() {
      peer().stream.flush();
      readOn();
    }

    @Override
    public void roomAgain() {
      peer().readOn();
    }

    @Override
    public void inputEnded() {
      if (!inputEnded) {
        inputEnded = true;
        peer().endOutput();
      }
    }

    /** Sends the end behind all bytes; closes where the other direction has ended as well. */
    private void endOutput() {
      outputEnded = true;
      stream.endOutput();
      closeIfOver();
      peer().closeIfOver();
    }

    private void closeIfOver() {
      if (inputEnded && outputEnded) {
        stream.close();
      }
    }

    @Override
    public void broken(String how) {
      relay.broken(this, how);
    }

    @Override
    public void closed() {
      if (closed) {
        return;
      }
      closed = true;
      if (!inputEnded || !outputEnded) {
        relay.broken(this, "closed before the end");
      }
      relay.closed();
    }
  }
}
