package io.hostmesh.runtime.admin;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The users and groups of this host by its own files (passwd(5), group(5)); directories such as
 * LDAP are not asked. Read anew each time: a change holds at once. Blocks for the disk.
 */
public record Accounts(Path passwd, Path group) {
  /** Those of this machine. */
  public static final Accounts OF_THIS_HOST =
      new Accounts(Path.of("/etc/passwd"), Path.of("/etc/group"));

  private static final int NAME = 0;
  private static final int NUMBER = 2;
  private static final int GROUP_OF_USER = 3;
  private static final int MEMBERS = 3;

  /** The user's name; empty where the files have none. */
  public Optional<String> user(int uid) {
    return entries(passwd)
        .filter(entry -> entry.get(NUMBER).equals(String.valueOf(uid)))
        .map(entry -> entry.get(NAME))
        .findFirst();
  }

  /** The names and numbers of all groups that a user is in, {@code gid} being one of them. */
  public Set<String> groups(int uid, int gid) {
    Set<String> numbers = new TreeSet<>(Set.of(String.valueOf(gid)));
    entries(passwd)
        .filter(entry -> entry.get(NUMBER).equals(String.valueOf(uid)))
        .forEach(entry -> numbers.add(entry.get(GROUP_OF_USER)));
    Optional<String> name = user(uid);
    Set<String> groups = new TreeSet<>(numbers);
    entries(group)
        .filter(
            entry ->
                numbers.contains(entry.get(NUMBER))
                    || name.filter(List.of(entry.get(MEMBERS).split(","))::contains).isPresent())
        .forEach(entry -> groups.addAll(List.of(entry.get(NAME), entry.get(NUMBER))));
    return groups;
  }

  /** Lines with at least four fields; none where the file cannot be read. */
  private static Stream<List<String>> entries(Path file) {
    try {
      return Files.readAllLines(file, StandardCharsets.ISO_8859_1).stream()
          .map(line -> Arrays.asList(line.split(":", -1)))
          .filter(fields -> fields.size() > MEMBERS);
    } catch (IOException e) {
      return Stream.empty();
    }
  }
}
