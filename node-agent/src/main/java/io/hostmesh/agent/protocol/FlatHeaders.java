package io.hostmesh.agent.protocol;

import io.netty.handler.codec.DateFormatter;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.util.AbstractMap;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Date;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Headers as two arrays, in the order in which they came: heads are small, and are copied and
 * walked through far more often than searched. Names and values are not checked: who puts in what
 * came from a peer has checked it. Not for several threads.
 */
@SuppressWarnings("JavaUtilDate") // What Netty's interface speaks of.
public final class FlatHeaders extends HttpHeaders {
  private AsciiString[] names;
  private CharSequence[] values;
  private int size;

  public FlatHeaders() {
    this(16);
  }

  FlatHeaders(int capacity) {
    names = new AsciiString[capacity];
    values = new CharSequence[capacity];
  }

  /** Takes the first of both arrays, which are copied. */
  FlatHeaders(AsciiString[] firstNames, CharSequence[] firstValues, int count) {
    int capacity = count + 8; // For those that agents add.
    names = new AsciiString[capacity];
    values = new CharSequence[capacity];
    System.arraycopy(firstNames, 0, names, 0, count);
    System.arraycopy(firstValues, 0, values, 0, count);
    size = count;
  }

  AsciiString name(int index) {
    return names[index];
  }

  CharSequence value(int index) {
    return values[index];
  }

  /** Adds a header behind all others. */
  void append(AsciiString name, CharSequence value) {
    if (size == names.length) {
      names = Arrays.copyOf(names, 2 * size + 4);
      values = Arrays.copyOf(values, 2 * size + 4);
    }
    names[size] = name;
    values[size] = value;
    size++;
  }

  private int find(CharSequence name, int from) {
    int hash = AsciiString.hashCode(name);
    for (int i = from; i < size; i++) {
      if (names[i].hashCode() == hash && names[i].contentEqualsIgnoreCase(name)) {
        return i;
      }
    }
    return -1;
  }

  private static CharSequence text(Object value) {
    return switch (value) {
      case CharSequence text -> text;
      case Date date -> DateFormatter.format(date);
      default -> value.toString();
    };
  }

  @Override
  public @Nullable String get(CharSequence name) {
    int at = find(name, 0);
    return at < 0 ? null : values[at].toString();
  }

  @Override
  public @Nullable String get(String name) {
    return get((CharSequence) name);
  }

  private <T> @Nullable T parsed(CharSequence name, Function<String, T> parse) {
    String value = get(name);
    try {
      return value == null ? null : parse.apply(value.strip());
    } catch (NumberFormatException e) {
      return null;
    }
  }

  @Override
  public @Nullable Integer getInt(CharSequence name) {
    return parsed(name, Integer::valueOf);
  }

  @Override
  public int getInt(CharSequence name, int otherwise) {
    Integer value = getInt(name);
    return value == null ? otherwise : value;
  }

  @Override
  public @Nullable Short getShort(CharSequence name) {
    return parsed(name, Short::valueOf);
  }

  @Override
  public short getShort(CharSequence name, short otherwise) {
    Short value = getShort(name);
    return value == null ? otherwise : value;
  }

  @Override
  public @Nullable Long getTimeMillis(CharSequence name) {
    Date date = parsed(name, DateFormatter::parseHttpDate);
    return date == null ? null : date.getTime();
  }

  @Override
  public long getTimeMillis(CharSequence name, long otherwise) {
    Long value = getTimeMillis(name);
    return value == null ? otherwise : value;
  }

  @Override
  public List<String> getAll(CharSequence name) {
    int at = find(name, 0);
    if (at < 0) {
      return List.of();
    }
    List<String> all = new ArrayList<>(2);
    for (; at >= 0; at = find(name, at + 1)) {
      all.add(values[at].toString());
    }
    return all;
  }

  @Override
  public List<String> getAll(String name) {
    return getAll((CharSequence) name);
  }

  @Override
  public List<Map.Entry<String, String>> entries() {
    List<Map.Entry<String, String>> entries = new ArrayList<>(size);
    texts().forEachRemaining(entries::add);
    return entries;
  }

  @Override
  public boolean contains(CharSequence name) {
    return find(name, 0) >= 0;
  }

  @Override
  public boolean contains(String name) {
    return contains((CharSequence) name);
  }

  private <T> Iterator<Map.Entry<T, T>> walk(Function<CharSequence, T> as) {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < size;
      }

      @Override
      public Map.Entry<T, T> next() {
        if (next >= size) {
          throw new NoSuchElementException();
        }
        int at = next++;
        return new AbstractMap.SimpleImmutableEntry<>(as.apply(names[at]), as.apply(values[at]));
      }
    };
  }

  @Override
  @Deprecated
  public Iterator<Map.Entry<String, String>> iterator() {
    return texts();
  }

  private Iterator<Map.Entry<String, String>> texts() {
    return walk(CharSequence::toString);
  }

  @Override
  public Iterator<Map.Entry<CharSequence, CharSequence>> iteratorCharSequence() {
    return walk(Function.identity());
  }

  @Override
  public boolean isEmpty() {
    return size == 0;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public Set<String> names() {
    Set<String> all = new LinkedHashSet<>();
    for (int i = 0; i < size; i++) {
      all.add(names[i].toString());
    }
    return all;
  }

  @Override
  public HttpHeaders add(CharSequence name, Object value) {
    append(AsciiString.of(name), text(value));
    return this;
  }

  @Override
  public HttpHeaders add(String name, Object value) {
    return add((CharSequence) name, value);
  }

  @Override
  public HttpHeaders add(CharSequence name, Iterable<?> all) {
    for (Object value : all) {
      add(name, value);
    }
    return this;
  }

  @Override
  public HttpHeaders add(String name, Iterable<?> all) {
    return add((CharSequence) name, all);
  }

  @Override
  public HttpHeaders addInt(CharSequence name, int value) {
    return add(name, String.valueOf(value));
  }

  @Override
  public HttpHeaders addShort(CharSequence name, short value) {
    return add(name, String.valueOf(value));
  }

  /** In the place of the first one of this name, or behind all. */
  @Override
  public HttpHeaders set(CharSequence name, Object value) {
    int at = find(name, 0);
    if (at < 0) {
      return add(name, value);
    }
    names[at] = AsciiString.of(name);
    values[at] = text(value);
    removeFrom(name, at + 1);
    return this;
  }

  @Override
  public HttpHeaders set(String name, Object value) {
    return set((CharSequence) name, value);
  }

  @Override
  public HttpHeaders set(CharSequence name, Iterable<?> all) {
    return remove(name).add(name, all);
  }

  @Override
  public HttpHeaders set(String name, Iterable<?> all) {
    return set((CharSequence) name, all);
  }

  @Override
  public HttpHeaders setInt(CharSequence name, int value) {
    return set(name, String.valueOf(value));
  }

  @Override
  public HttpHeaders setShort(CharSequence name, short value) {
    return set(name, String.valueOf(value));
  }

  @Override
  public HttpHeaders remove(CharSequence name) {
    removeFrom(name, 0);
    return this;
  }

  @Override
  public HttpHeaders remove(String name) {
    return remove((CharSequence) name);
  }

  private void removeFrom(CharSequence name, int from) {
    int at = find(name, from);
    if (at < 0) {
      return;
    }
    int hash = AsciiString.hashCode(name);
    int to = at;
    for (int i = at + 1; i < size; i++) {
      if (names[i].hashCode() != hash || !names[i].contentEqualsIgnoreCase(name)) {
        names[to] = names[i];
        values[to] = values[i];
        to++;
      }
    }
    Arrays.fill(names, to, size, null);
    Arrays.fill(values, to, size, null);
    size = to;
  }

  /** Removes all headers with such a name. */
  void removeIf(Predicate<? super AsciiString> unwanted) {
    int to = 0;
    for (int i = 0; i < size; i++) {
      if (!unwanted.test(names[i])) {
        names[to] = names[i];
        values[to] = values[i];
        to++;
      }
    }
    Arrays.fill(names, to, size, null);
    Arrays.fill(values, to, size, null);
    size = to;
  }

  @Override
  public HttpHeaders clear() {
    Arrays.fill(names, 0, size, null);
    Arrays.fill(values, 0, size, null);
    size = 0;
    return this;
  }

  @Override
  public HttpHeaders copy() {
    return new FlatHeaders(names, values, size);
  }
}
