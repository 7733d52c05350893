package io.hostmesh.agent.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.hostmesh.agent.listen.ListeningSockets;
import io.hostmesh.model.MeshHost;
import io.netty.channel.Channel;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DnsServerTest {
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
  private static final InetAddress GREETER = InetAddress.ofLiteral("241.0.0.7");
  private static final InetAddress GREETER6 = InetAddress.ofLiteral("fd48:6f73:746d::7");
  private static final int HTTPS = 65;

  private final List<InetSocketAddress> upstreams = new ArrayList<>();
  private Vertx vertx;
  private Channel udp;
  private Channel tcp;

  @BeforeEach
  void start() {
    vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true).setEventLoopPoolSize(1));
    serve(10);
  }

  private void serve(int mostForwarded) {
    DnsServer server =
        new DnsServer(DnsServerTest::addresses, () -> upstreams, new Random(1), mostForwarded);
    ListeningSockets sockets = new ListeningSockets(vertx, Map.of());
    InetSocketAddress any = new InetSocketAddress(LOOPBACK, 0);
    udp = sockets.datagrams(ListeningSockets.DNS_UDP, List.of(any), server.udp()).getFirst();
    tcp = sockets.serve(ListeningSockets.DNS_TCP, List.of(any), server.tcp()).getFirst();
  }

  @AfterEach
  void stop() {
    udp.close().syncUninterruptibly();
    tcp.close().syncUninterruptibly();
    vertx.close().await();
  }

  private static Optional<List<InetAddress>> addresses(MeshHost host) {
    return switch (host.service().name()) {
      case "greeter" -> Optional.of(List.of(GREETER, GREETER6));
      case "old" -> Optional.of(List.of(GREETER));
      case "many" -> Optional.of(java.util.Collections.nCopies(60, GREETER));
      default -> Optional.empty();
    };
  }

  @Test
  void aServiceHasItsVirtualAddresses() throws Exception {
    for (String name :
        List.of(
            "greeter.mesh",
            "GREETER.Default.mesh.",
            "greeter.default.dc1.mesh",
            "greeter.virtual.consul")) {
      assertThat(ask(name, DnsQuery.A).addresses()).as(name).containsExactly(GREETER);
      assertThat(ask(name, DnsQuery.AAAA).addresses()).as(name).containsExactly(GREETER6);
    }
    Answer answer = ask("greeter.mesh", DnsQuery.A);
    assertThat(answer.code()).isZero();
    assertThat(answer.isAuthoritative()).isTrue();
    assertThat(answer.ttl()).isEqualTo(5);
  }

  @Test
  void whatAServiceHasNotIsAnEmptyAnswerAndNoError() throws Exception {
    for (Answer answer : List.of(ask("old.mesh", DnsQuery.AAAA), ask("greeter.mesh", HTTPS))) {
      assertThat(answer.code()).isZero();
      assertThat(answer.answers()).isZero();
      assertThat(answer.authorities()).isOne();
    }
  }

  @Test
  void anUnknownNameOfTheMeshDoesNotExistAndIsAskedOfNobody() throws Exception {
    try (DatagramSocket upstream = upstream()) {
      for (String name : List.of("none.mesh", "a.b.c.d.mesh", "none.virtual.consul")) {
        assertThat(ask(name, DnsQuery.A).code()).as(name).isEqualTo(DnsAnswer.NAME_ERROR);
      }
      assertThat(ask("mesh", DnsQuery.A).code()).isZero();
      assertThat(upstream.isClosed()).isFalse();
    }
  }

  @Test
  void otherNamesAreAskedOnByteForByte() throws Exception {
    try (DatagramSocket upstream = upstream()) {
      byte[] question = edns(question(77, "Example.COM", DnsQuery.A));
      byte[][] seen = new byte[1][];
      Thread answering =
          answering(
              upstream,
              bytes -> {
                seen[0] = bytes.clone();
                bytes[2] |= (byte) 0x80;
                return bytes;
              });

      byte[] answer = exchange(question);
      answering.join();

      assertThat(answer).hasSize(question.length).startsWith(0, 77);
      assertThat(java.util.Arrays.copyOfRange(seen[0], 2, seen[0].length))
          .isEqualTo(java.util.Arrays.copyOfRange(question, 2, question.length));
    }
  }

  @Test
  void theNextServerIsAskedWhereOneDoesNotAnswer() throws Exception {
    try (DatagramSocket silent = new DatagramSocket(0, LOOPBACK)) {
      int closed = closedPort();
      upstreams.add(new InetSocketAddress(LOOPBACK, closed));
      upstreams.add((InetSocketAddress) silent.getLocalSocketAddress());
      try (DatagramSocket answers = upstream()) {
        Thread answering = answering(answers, DnsServerTest::mirrored);
        assertThat(ask("example.com", DnsQuery.A).code()).isZero();
        answering.join();
      }
    }
  }

  @Test
  void whereNobodyAnswersTheServerFails() throws Exception {
    assertThat(ask("example.com", DnsQuery.A).code()).isEqualTo(DnsAnswer.SERVER_FAILURE);
    upstreams.add(new InetSocketAddress(LOOPBACK, closedPort()));
    assertThat(ask("example.com", DnsQuery.A).code()).isEqualTo(DnsAnswer.SERVER_FAILURE);
    assertThat(ask("greeter.mesh", DnsQuery.A).addresses()).containsExactly(GREETER);
  }

  @Test
  void onlySoManyQuestionsWaitForOthers() throws Exception {
    stopServing();
    serve(0);
    try (DatagramSocket upstream = upstream()) {
      assertThat(ask("example.com", DnsQuery.A).code()).isEqualTo(DnsAnswer.SERVER_FAILURE);
      assertThat(upstream.isClosed()).isFalse();
    }
  }

  private void stopServing() {
    udp.close().syncUninterruptibly();
    tcp.close().syncUninterruptibly();
  }

  @Test
  void whatDoesNotFitIsAskedAgainByTcp() throws Exception {
    assertThat(ask("many.mesh", DnsQuery.A).isTruncated()).isTrue();
    assertThat(Answer.of(exchange(edns(question(1, "many.mesh", DnsQuery.A)))).answers())
        .isEqualTo(60);
    assertThat(Answer.of(byTcp(question(1, "many.mesh", DnsQuery.A))).answers()).isEqualTo(60);
  }

  @Test
  void aQuestionByTcpIsAskedOnByTcp() throws Exception {
    try (ServerSocket upstream = new ServerSocket(0, 5, LOOPBACK)) {
      upstreams.add((InetSocketAddress) upstream.getLocalSocketAddress());
      Thread answering =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try (Socket socket = upstream.accept()) {
                      DataInputStream in = new DataInputStream(socket.getInputStream());
                      byte[] message = in.readNBytes(in.readUnsignedShort());
                      frame(socket, mirrored(message));
                    } catch (IOException e) {
                      throw new IllegalStateException(e);
                    }
                  });

      assertThat(Answer.of(byTcp(question(9, "example.com", DnsQuery.A))).code()).isZero();
      answering.join();
    }
  }

  @Test
  void whatIsNoQuestionIsSaidToBeNone() throws Exception {
    byte[] twoQuestions = question(5, "greeter.mesh", DnsQuery.A);
    twoQuestions[5] = 2;
    assertThat(Answer.of(exchange(twoQuestions)).code()).isEqualTo(DnsAnswer.FORMAT_ERROR);
    byte[] update = question(6, "greeter.mesh", DnsQuery.A);
    update[2] = 0x28;
    assertThat(Answer.of(exchange(update)).code()).isEqualTo(DnsAnswer.NOT_IMPLEMENTED);
  }

  private DatagramSocket upstream() throws IOException {
    DatagramSocket socket = new DatagramSocket(0, LOOPBACK);
    upstreams.add((InetSocketAddress) socket.getLocalSocketAddress());
    return socket;
  }

  private static int closedPort() throws IOException {
    try (DatagramSocket socket = new DatagramSocket(0, LOOPBACK)) {
      return socket.getLocalPort();
    }
  }

  private static byte[] mirrored(byte[] question) {
    question[2] |= (byte) 0x80;
    return question;
  }

  private static Thread answering(
      DatagramSocket upstream, java.util.function.UnaryOperator<byte[]> answer) {
    return Thread.ofVirtual()
        .start(
            () -> {
              try {
                DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
                upstream.receive(packet);
                byte[] bytes =
                    answer.apply(java.util.Arrays.copyOf(packet.getData(), packet.getLength()));
                upstream.send(new DatagramPacket(bytes, bytes.length, packet.getSocketAddress()));
              } catch (IOException e) {
                throw new IllegalStateException(e);
              }
            });
  }

  private Answer ask(String name, int type) throws IOException {
    return Answer.of(exchange(question(4321, name, type)));
  }

  private byte[] exchange(byte[] question) throws IOException {
    try (DatagramSocket socket = new DatagramSocket(0, LOOPBACK)) {
      socket.setSoTimeout(10_000);
      socket.connect(udp.localAddress());
      socket.send(new DatagramPacket(question, question.length));
      DatagramPacket packet = new DatagramPacket(new byte[4096], 4096);
      socket.receive(packet);
      return java.util.Arrays.copyOf(packet.getData(), packet.getLength());
    }
  }

  private byte[] byTcp(byte[] question) throws IOException {
    try (Socket socket = new Socket()) {
      socket.setSoTimeout(10_000);
      socket.connect(tcp.localAddress());
      frame(socket, question);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      return in.readNBytes(in.readUnsignedShort());
    }
  }

  private static void frame(Socket socket, byte[] message) throws IOException {
    DataOutputStream out = new DataOutputStream(socket.getOutputStream());
    out.writeShort(message.length);
    out.write(message);
    out.flush();
  }

  static byte[] question(int id, String name, int type) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(
        ByteBuffer.allocate(12)
            .putShort((short) id)
            .putShort((short) 0x0100)
            .putShort((short) 1)
            .array());
    String relative = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    for (String label : relative.split("\\.", -1)) {
      out.write(label.length());
      out.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
    }
    out.write(0);
    out.writeBytes(ByteBuffer.allocate(4).putShort((short) type).putShort((short) 1).array());
    return out.toByteArray();
  }

  /** With an OPT record that takes 4096 bytes. */
  private static byte[] edns(byte[] question) {
    byte[] with = java.util.Arrays.copyOf(question, question.length + 11);
    with[11] = 1;
    ByteBuffer.wrap(with, question.length, 11)
        .put((byte) 0)
        .putShort((short) DnsQuery.OPT)
        .putShort((short) 4096);
    return with;
  }

  /** An answer, as far as a test looks at it. */
  private record Answer(int flags, int answers, int authorities, ByteBuffer bytes) {
    static Answer of(byte[] message) {
      ByteBuffer bytes = ByteBuffer.wrap(message);
      return new Answer(bytes.getShort(2), bytes.getShort(6), bytes.getShort(8), bytes);
    }

    int code() {
      return flags & 0xf;
    }

    boolean isAuthoritative() {
      return (flags & 0x0400) != 0;
    }

    boolean isTruncated() {
      return (flags & 0x0200) != 0;
    }

    int ttl() {
      return bytes.getInt(records() + 6);
    }

    List<InetAddress> addresses() throws IOException {
      List<InetAddress> addresses = new ArrayList<>();
      int at = records();
      for (int i = 0; i < answers; i++) {
        byte[] address = new byte[bytes.getShort(at + 10)];
        bytes.get(at + 12, address);
        addresses.add(InetAddress.getByAddress(address));
        at += 12 + address.length;
      }
      return addresses;
    }

    private int records() {
      int at = 12;
      while (bytes.get(at) != 0) {
        at += 1 + bytes.get(at);
      }
      return at + 5;
    }
  }
}
