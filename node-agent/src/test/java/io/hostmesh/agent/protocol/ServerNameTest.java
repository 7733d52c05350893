package io.hostmesh.agent.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.junit.jupiter.api.Test;

/** The name is found in whatever pieces a ClientHello comes, and in nothing else. */
public class ServerNameTest {
  /** What the JDK's TLS sends first, as one record. */
  public static byte[] hello(String name) throws Exception {
    SSLEngine engine = SSLContext.getDefault().createSSLEngine();
    engine.setUseClientMode(true);
    if (!name.isEmpty()) {
      SSLParameters parameters = engine.getSSLParameters();
      parameters.setServerNames(List.of(new SNIHostName(name)));
      engine.setSSLParameters(parameters);
    }
    java.nio.ByteBuffer out =
        java.nio.ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    engine.beginHandshake();
    engine.wrap(java.nio.ByteBuffer.allocate(0), out);
    return Arrays.copyOf(out.array(), out.position());
  }

  private static String found(byte[]... segments) {
    ServerName name = new ServerName();
    for (byte[] segment : segments) {
      name.pass(Unpooled.wrappedBuffer(segment));
    }
    return name.name();
  }

  /** The same bytes in records of a size. */
  static byte[] inRecords(byte[] hello, int size) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int at = 5; at < hello.length; at += size) {
      int length = Math.min(size, hello.length - at);
      out.writeBytes(new byte[] {22, 3, 1, (byte) (length >> 8), (byte) length});
      out.write(hello, at, length);
    }
    return out.toByteArray();
  }

  private static byte[][] bytes(byte[] all) {
    byte[][] each = new byte[all.length][];
    for (int i = 0; i < all.length; i++) {
      each[i] = new byte[] {all[i]};
    }
    return each;
  }

  @Test
  void aHelloIsReadHoweverItIsCut() throws Exception {
    byte[] hello = hello("secure.mesh");
    assertThat(found(hello)).isEqualTo("secure.mesh");
    assertThat(found(bytes(hello))).isEqualTo("secure.mesh");
    for (int cut = 1; cut < hello.length; cut++) {
      assertThat(found(Arrays.copyOf(hello, cut), Arrays.copyOfRange(hello, cut, hello.length)))
          .isEqualTo("secure.mesh");
    }
    assertThat(found(inRecords(hello, 1))).isEqualTo("secure.mesh");
    assertThat(found(bytes(inRecords(hello, 7)))).isEqualTo("secure.mesh");
    assertThat(found(hello, new byte[100], hello("other.mesh"))).isEqualTo("secure.mesh");
  }

  @Test
  void whatNamesNobodyHasNoName() throws Exception {
    byte[] hello = hello("secure.mesh");
    assertThat(found(hello(""))).isEmpty();
    assertThat(found("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII), hello))
        .isEmpty();
    for (int length = 0; length < hello.length; length++) {
      assertThat(found(Arrays.copyOf(hello, length))).isEmpty();
    }
    assertThat(found(new byte[] {22, 3, 1, 0, 0}, hello)).isEmpty();
    byte[] control = hello("secure.mesh");
    int at = new String(control, StandardCharsets.ISO_8859_1).indexOf("secure.mesh");
    control[at] = '\n';
    assertThat(found(control)).isEmpty();
  }

  @FuzzTest(maxDuration = "20s")
  void itNeverFailsAndNeverDependsOnTheCut(byte[] bytes) {
    String name = found(bytes);
    if (!found(bytes(bytes)).equals(name)) {
      throw new AssertionError("found \"" + name + "\" in one piece only");
    }
    if (name.chars().anyMatch(c -> c <= ' ' || c >= 0x7f)) {
      throw new AssertionError("a name that no host has");
    }
  }
}
