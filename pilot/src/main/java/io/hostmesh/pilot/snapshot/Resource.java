package io.hostmesh.pilot.snapshot;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Message;
import io.hostmesh.api.ResourceType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A resource as agents get it: serialised once, whoever asks.
 *
 * @param version a hash of its content, so that two pilots, and two runs of one, give the same
 *     version to the same content
 * @param wire ready to be sent, with name and version
 */
public record Resource(
    ResourceType type, String name, String version, io.hostmesh.api.v1.Resource wire) {
  private static final int VERSION_BYTES = 10;

  public static Resource of(ResourceType type, String name, Message content) {
    return of(type, name, deterministic(content));
  }

  /**
   * @param content the serialised message, as {@link #content()} gave it
   */
  public static Resource of(ResourceType type, String name, ByteString content) {
    String version = hash(content);
    Any any = Any.newBuilder().setTypeUrl(type.typeUrl()).setValue(content).build();
    return new Resource(
        type,
        name,
        version,
        io.hostmesh.api.v1.Resource.newBuilder()
            .setName(name)
            .setVersion(version)
            .setResource(any)
            .build());
  }

  public ByteString content() {
    return wire.getResource().getValue();
  }

  /** Maps in the order of their keys: by itself protobuf promises no order. */
  private static ByteString deterministic(Message content) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(content.getSerializedSize());
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.useDeterministicSerialization();
    try {
      content.writeTo(out);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory", e);
    }
    return ByteString.copyFrom(bytes.toByteArray());
  }

  static String hash(ByteString content) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(content.toByteArray());
      return HexFormat.of().formatHex(digest, 0, VERSION_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
