package io.hostmesh.agent;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** An HTTP/2 client that sends whatever frames it is told to. */
final class RawH2 implements AutoCloseable {
  static final int DATA = 0;
  static final int HEADERS = 1;
  static final int RST_STREAM = 3;
  static final int SETTINGS = 4;
  static final int GOAWAY = 7;
  static final int CONTINUATION = 9;

  static final int END_STREAM = 1;
  static final int END_HEADERS = 4;

  private final Socket socket;
  private final ByteArrayOutputStream unsent = new ByteArrayOutputStream();
  private final DataOutputStream out = new DataOutputStream(unsent);
  private final DataInputStream in;

  RawH2(InetSocketAddress address) throws IOException {
    this(new Socket(address.getAddress(), address.getPort()));
  }

  RawH2(Socket socket) throws IOException {
    this.socket = socket;
    socket.setSoTimeout(20_000);
    in = new DataInputStream(socket.getInputStream());
    out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    frame(SETTINGS, 0, 0, new byte[0]);
  }

  /** Adds a frame to those that {@link #flush} sends, all at once. */
  void frame(int type, int flags, int stream, byte[] payload) throws IOException {
    out.writeByte(payload.length >> 16);
    out.writeShort(payload.length & 0xffff);
    out.writeByte(type);
    out.writeByte(flags);
    out.writeInt(stream);
    out.write(payload);
  }

  void flush() throws IOException {
    unsent.writeTo(socket.getOutputStream());
    unsent.reset();
  }

  private record Frame(int type, ByteBuf payload) {}

  private Frame next() throws IOException {
    int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
    int type = in.readUnsignedByte();
    in.skipNBytes(5);
    return new Frame(type, Unpooled.wrappedBuffer(in.readNBytes(length)));
  }

  private Frame next(int type) throws IOException {
    Frame frame = next();
    while (frame.type != type) {
      frame = next();
    }
    return frame;
  }

  /** The error of the GOAWAY that comes, skipping all else. */
  Http2Error goAway() throws IOException {
    return Http2Error.valueOf(next(GOAWAY).payload.getInt(4));
  }

  /** The next answer's status, skipping all else. */
  String status() throws IOException, Http2Exception {
    Http2Headers headers = new DefaultHttp2HeadersDecoder().decodeHeaders(1, next(HEADERS).payload);
    return String.valueOf(headers.status());
  }

  /** Whether the other side has closed, whatever comes before that. */
  boolean closed() throws IOException {
    try {
      in.skipNBytes(Long.MAX_VALUE);
      return false;
    } catch (java.io.EOFException | java.net.SocketException e) {
      return true;
    }
  }

  /** A GET's head, then headers in lower case, uncompressed. */
  static byte[] get(String... headers) {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    block.writeBytes(new byte[] {(byte) 0x82, (byte) 0x86, (byte) 0x84}); // GET http /
    block.writeBytes(new byte[] {0x01, 1, 'a'}); // :authority a, not indexed
    for (String header : headers) {
      String[] parts = header.split(": ", 2);
      block.write(0); // Not indexed, with a name.
      for (String part : parts) {
        block.write(part.length());
        block.writeBytes(part.getBytes(StandardCharsets.US_ASCII));
      }
    }
    return block.toByteArray();
  }

  /** A POST's head, uncompressed but for what the static table has. */
  static byte[] post() {
    ByteArrayOutputStream block = new ByteArrayOutputStream();
    block.writeBytes(new byte[] {(byte) 0x83, (byte) 0x86, (byte) 0x84}); // POST http /
    block.writeBytes(new byte[] {0x01, 1, 'a'}); // :authority a, not indexed
    return block.toByteArray();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
