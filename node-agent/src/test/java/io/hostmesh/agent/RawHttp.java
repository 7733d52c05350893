package io.hostmesh.agent;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Locale;

/** An HTTP/1.1 connection, byte by byte. */
final class RawHttp implements AutoCloseable {
  final Socket socket;
  private final InputStream in;

  /** A head with its lines and the body as it was framed, taken apart. */
  record Answer(String head, String body) {
    String status() {
      return head.substring(9, 12);
    }

    boolean has(String header) {
      return head.toLowerCase(Locale.ROOT).contains(header.toLowerCase(Locale.ROOT));
    }
  }

  RawHttp(InetSocketAddress address) throws IOException {
    this(new Socket(address.getAddress(), address.getPort()));
  }

  RawHttp(Socket socket) throws IOException {
    this.socket = socket;
    socket.setSoTimeout(20_000);
    in = new BufferedInputStream(socket.getInputStream());
  }

  RawHttp send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(ISO_8859_1));
    return this;
  }

  /** A GET of a path with further header lines. */
  RawHttp get(String path, String... headers) throws IOException {
    StringBuilder request =
        new StringBuilder("GET " + path + " HTTP/1.1\r\nHost: greeter.mesh\r\n");
    for (String header : headers) {
      request.append(header).append("\r\n");
    }
    return send(request + "\r\n");
  }

  String head() throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    while (!head.toString(ISO_8859_1).endsWith("\r\n\r\n")) {
      int b = in.read();
      if (b < 0) {
        throw new IOException("closed after: " + head.toString(ISO_8859_1));
      }
      head.write(b);
    }
    return head.toString(ISO_8859_1);
  }

  Answer answer() throws IOException {
    return answer(false);
  }

  /** The next message; of an answer to HEAD only the head. */
  Answer answer(boolean toHead) throws IOException {
    return rest(head(), toHead);
  }

  /** The message whose head was read. */
  Answer rest(String head) throws IOException {
    return rest(head, false);
  }

  private Answer rest(String head, boolean toHead) throws IOException {
    String lower = head.toLowerCase(Locale.ROOT);
    String status = head.startsWith("HTTP/") ? head.substring(9, 12) : "";
    if (toHead || status.equals("204") || status.equals("304") || status.startsWith("1")) {
      return new Answer(head, "");
    }
    if (lower.contains("transfer-encoding: chunked")) {
      return new Answer(head, chunks());
    }
    int at = lower.indexOf("content-length: ");
    int length =
        at < 0 ? 0 : Integer.parseInt(lower.substring(at + 16, lower.indexOf('\r', at)).strip());
    return new Answer(head, body(length));
  }

  String body(int length) throws IOException {
    byte[] body = in.readNBytes(length);
    if (body.length < length) {
      throw new IOException("closed in the body after " + body.length + " of " + length);
    }
    return new String(body, ISO_8859_1);
  }

  /** Chunks and trailers, the latter behind a line of their own. */
  private String chunks() throws IOException {
    StringBuilder body = new StringBuilder();
    while (true) {
      int size = Integer.parseInt(line(), 16);
      if (size == 0) {
        for (String line = line(); !line.isEmpty(); line = line()) {
          body.append("\n").append(line);
        }
        return body.toString();
      }
      body.append(body(size));
      line();
    }
  }

  String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new IOException("closed in a line after: " + line);
      }
      line.append((char) b);
    }
    return line.toString().strip();
  }

  int read() throws IOException {
    return in.read();
  }

  InputStream in() {
    return in;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
