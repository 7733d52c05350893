package io.hostmesh.registry;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The value of a key, and when it was last written. Immutable. */
public final class Entry {
  private final byte[] value;
  private final long modifyIndex;

  public Entry(byte[] value, long modifyIndex) {
    this.value = value.clone();
    this.modifyIndex = modifyIndex;
  }

  /** A copy. */
  public byte[] bytes() {
    return value.clone();
  }

  public String text() {
    return new String(value, StandardCharsets.UTF_8);
  }

  /** What a compare-and-set gives to say "as I read it". */
  public long modifyIndex() {
    return modifyIndex;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Entry that
        && modifyIndex == that.modifyIndex
        && Arrays.equals(value, that.value);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(modifyIndex) * 31 + Arrays.hashCode(value);
  }

  @Override
  public String toString() {
    return value.length + " bytes at index " + modifyIndex;
  }
}
