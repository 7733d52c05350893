package io.hostmesh.agent.dns;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/**
 * Writes answers: the header, the question as it was asked, addresses or the reason why there are
 * none (RFC 1035 section 4.1, RFC 2308 for the SOA of a negative one).
 */
final class DnsAnswer {
  static final int NO_ERROR = 0;
  static final int FORMAT_ERROR = 1;
  static final int SERVER_FAILURE = 2;
  static final int NAME_ERROR = 3;
  static final int NOT_IMPLEMENTED = 4;
  static final int REFUSED = 5;

  private static final int RESPONSE = 0x8000;
  private static final int AUTHORITATIVE = 0x0400;
  private static final int TRUNCATED = 0x0200;
  private static final int RECURSION_DESIRED = 0x0100;
  private static final int RECURSION_AVAILABLE = 0x0080;

  /** The question's name: the first byte behind the header. */
  private static final int NAME_OF_QUESTION = 0xc000 | DnsQuery.HEADER;

  private static final int OUR_PAYLOAD = 1232;

  private DnsAnswer() {}

  /** Addresses, as many as there are; each may be kept for the given time. */
  static byte[] addresses(DnsQuery query, List<InetAddress> addresses, Duration keep) {
    Message message = new Message();
    message.header(query, AUTHORITATIVE, NO_ERROR, addresses.size(), 0);
    for (InetAddress address : addresses) {
      byte[] bytes = address.getAddress();
      message.record(
          NAME_OF_QUESTION, bytes.length == 4 ? DnsQuery.A : DnsQuery.AAAA, seconds(keep), bytes);
    }
    return message.finish(query);
  }

  /**
   * That there is no such name, or none of the type that was asked for.
   *
   * @param zone whose SOA says how long that may be kept, for instance {@code mesh}
   */
  static byte[] nothing(DnsQuery query, int code, String zone, Duration keep) {
    Message message = new Message();
    message.header(query, AUTHORITATIVE, code, 0, 1);
    message.name(zone);
    message.soa(zone, seconds(keep));
    return message.finish(query);
  }

  /** A failure that says nothing of the name. */
  static byte[] failure(DnsQuery query, int code) {
    Message message = new Message();
    message.header(query, 0, code, 0, 0);
    return message.finish(query);
  }

  /** The asker shall come again by TCP. */
  static byte[] truncated(DnsQuery query) {
    Message message = new Message();
    message.header(query, AUTHORITATIVE | TRUNCATED, NO_ERROR, 0, 0);
    return message.finish(query);
  }

  private static int seconds(Duration keep) {
    return Math.toIntExact(keep.toSeconds());
  }

  private static final class Message {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream(256);

    void header(DnsQuery query, int flags, int code, int answers, int authorities) {
      word(query.id());
      word(RESPONSE | flags | (query.flags() & RECURSION_DESIRED) | RECURSION_AVAILABLE | code);
      word(1);
      word(answers);
      word(authorities);
      word(query.edns() ? 1 : 0);
      byte[] question = new byte[query.question().remaining()];
      query.question().get(query.question().position(), question);
      out.writeBytes(question);
    }

    void record(int name, int type, int ttl, byte[] data) {
      word(name);
      body(type, ttl, data);
    }

    void soa(String zone, int ttl) {
      Message data = new Message();
      data.name("ns." + zone);
      data.name("hostmaster." + zone);
      // Serial, refresh, retry, expire: nobody transfers this zone. The last is the negative TTL.
      for (int number : new int[] {1, 3600, 600, 86_400, ttl}) {
        data.number(number);
      }
      body(DnsQuery.SOA, ttl, data.out.toByteArray());
    }

    private void body(int type, int ttl, byte[] data) {
      word(type);
      word(DnsQuery.IN);
      number(ttl);
      word(data.length);
      out.writeBytes(data);
    }

    void name(String name) {
      for (String label : name.split("\\.", -1)) {
        byte[] bytes = label.getBytes(StandardCharsets.ISO_8859_1);
        out.write(bytes.length);
        out.writeBytes(bytes);
      }
      out.write(0);
    }

    byte[] finish(DnsQuery query) {
      if (query.edns()) {
        // RFC 6891 section 6.1.2: root name, OPT, our payload size, no flags, no options.
        out.write(0);
        word(DnsQuery.OPT);
        word(OUR_PAYLOAD);
        number(0);
        word(0);
      }
      return out.toByteArray();
    }

    private void word(int value) {
      out.write(value >>> 8);
      out.write(value);
    }

    private void number(int value) {
      word(value >>> 16);
      word(value & 0xffff);
    }
  }
}
