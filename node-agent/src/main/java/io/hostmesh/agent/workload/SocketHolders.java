package io.hostmesh.agent.workload;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** Which processes hold a socket, or what one process is: hostmesh-attestd's answer. */
public sealed interface SocketHolders {
  /** The most bytes of an answer. */
  int MOST_BYTES = 64 * 1024;

  /** The most processes that an answer names; more are refused. */
  int MOST_PROCESSES = 64;

  /**
   * They are known.
   *
   * @param cookie of the connection that was asked about; 0 for listeners and processes
   * @param uid of who made the socket, or of the process
   * @param cgroup the id of its maker's control group; 0 for processes
   * @param processes all of that group that hold it, the oldest first; at least one; of a process
   *     all of its control group
   */
  record Known(long cookie, int uid, long cgroup, List<Holder> processes) implements SocketHolders {
    public Known {
      processes = List.copyOf(processes);
    }
  }

  /**
   * They are not.
   *
   * @param why a sentence without its end
   */
  record Unknown(String why) implements SocketHolders {}

  /**
   * A process that holds a socket.
   *
   * @param started in clock ticks since the host booted: with the pid it names the process
   * @param uid effective, as this host numbers it
   * @param gid effective, likewise
   * @param executable the path of its file, as that process's mount namespace has it
   * @param sha256 of that file, hexadecimal, where it was asked for
   */
  record Holder(
      int pid, long started, int uid, int gid, String executable, Optional<String> sha256) {}

  /** The answer's bytes. */
  default byte[] encoded() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeInt(Question.MAGIC);
      switch (this) {
        case Unknown(String why) -> {
          out.writeBoolean(false);
          out.writeUTF(why.length() > 500 ? why.substring(0, 500) : why);
        }
        case Known known -> {
          out.writeBoolean(true);
          out.writeLong(known.cookie());
          out.writeInt(known.uid());
          out.writeLong(known.cgroup());
          out.writeByte(known.processes().size());
          for (Holder holder : known.processes()) {
            out.writeInt(holder.pid());
            out.writeLong(holder.started());
            out.writeInt(holder.uid());
            out.writeInt(holder.gid());
            out.writeUTF(holder.executable());
            out.writeUTF(holder.sha256().orElse(""));
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.size() <= MOST_BYTES
        ? bytes.toByteArray()
        : new Unknown("its answer would be too long").encoded();
  }

  /** Reads an answer; what cannot be read tells nothing. */
  static SocketHolders decode(byte[] encoded) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(encoded))) {
      if (in.readInt() != Question.MAGIC) {
        return new Unknown("hostmesh-attestd is of another version");
      }
      if (!in.readBoolean()) {
        return new Unknown(in.readUTF());
      }
      long cookie = in.readLong();
      int uid = in.readInt();
      long cgroup = in.readLong();
      int count = in.readUnsignedByte();
      List<Holder> holders = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        holders.add(
            new Holder(
                in.readInt(), in.readLong(), in.readInt(), in.readInt(), in.readUTF(), hash(in)));
      }
      if (in.read() >= 0 || holders.isEmpty() || holders.size() > MOST_PROCESSES) {
        return new Unknown("hostmesh-attestd's answer cannot be read");
      }
      return new Known(cookie, uid, cgroup, holders);
    } catch (IOException | IllegalArgumentException e) {
      return new Unknown("hostmesh-attestd's answer cannot be read");
    }
  }

  private static Optional<String> hash(DataInputStream in) throws IOException {
    String text = in.readUTF();
    if (text.isEmpty()) {
      return Optional.empty();
    }
    if (HexFormat.of().parseHex(text).length != 32) {
      throw new IllegalArgumentException("not a SHA-256");
    }
    return Optional.of(text);
  }
}
