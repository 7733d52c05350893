package io.hostmesh.api;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import io.hostmesh.api.v1.Check;
import io.hostmesh.api.v1.Citadel;
import io.hostmesh.api.v1.Delta;
import io.hostmesh.api.v1.Discovery;
import io.hostmesh.api.v1.Rules;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Agents, pilots and citadels of different versions talk to each other, so a contract only grows:
 * what the committed list says stays as it is. After adding a field, run with {@code
 * -Dcontracts.update=true}, which adds the new lines and never removes one.
 */
class ContractTest {
  private static final Path BASELINE = Path.of("src/test/resources/contracts/hostmesh.v1.txt");

  private static NavigableSet<String> lines(FileDescriptor... files) {
    NavigableSet<String> lines = new TreeSet<>();
    for (FileDescriptor file : files) {
      file.getMessageTypes().forEach(message -> add(message, lines));
      file.getEnumTypes().forEach(type -> add(type, lines));
    }
    for (ResourceType type : ResourceType.values()) {
      lines.add("resource " + type.typeUrl());
    }
    for (Methods.Method<?, ?> method :
        List.of(
            Methods.JOIN,
            Methods.RENEW,
            Methods.ISSUE,
            Methods.ISSUE_JWT,
            Methods.WATCH_BUNDLE,
            Methods.DELTA,
            Methods.REPORT)) {
      lines.add(
          "method %s/%s %s -> %s"
              .formatted(
                  method.service().fullyQualifiedName(),
                  method.name(),
                  method.request().getDescriptorForType().getFullName(),
                  method.response().getDescriptorForType().getFullName()));
    }
    return lines;
  }

  private static void add(Descriptor message, NavigableSet<String> lines) {
    for (FieldDescriptor field : message.getFields()) {
      lines.add(
          "field %s %d %s%s %s"
              .formatted(
                  message.getFullName(),
                  field.getNumber(),
                  field.isRepeated() ? "repeated " : "",
                  type(field),
                  field.getName()));
    }
    message.getNestedTypes().forEach(nested -> add(nested, lines));
    message.getEnumTypes().forEach(type -> add(type, lines));
  }

  private static String type(FieldDescriptor field) {
    return switch (field.getType()) {
      case MESSAGE -> field.getMessageType().getFullName();
      case ENUM -> field.getEnumType().getFullName();
      default -> field.getType().name().toLowerCase(java.util.Locale.ROOT);
    };
  }

  private static void add(EnumDescriptor type, NavigableSet<String> lines) {
    type.getValues()
        .forEach(
            value ->
                lines.add(
                    "value %s %d %s"
                        .formatted(type.getFullName(), value.getNumber(), value.getName())));
  }

  @Test
  void contractsOnlyGrow() throws IOException {
    NavigableSet<String> now =
        lines(
            Discovery.getDescriptor(),
            Delta.getDescriptor(),
            Citadel.getDescriptor(),
            Check.getDescriptor(),
            Rules.getDescriptor());
    NavigableSet<String> promised = new TreeSet<>();
    if (Files.exists(BASELINE)) {
      promised.addAll(Files.readAllLines(BASELINE, StandardCharsets.UTF_8));
    }
    if (Boolean.getBoolean("contracts.update")) {
      promised.addAll(now);
      Files.write(BASELINE, promised, StandardCharsets.UTF_8);
    }
    assertThat(now)
        .as("removed, renumbered, renamed or retyped: agents of older versions would break")
        .containsAll(promised);
    assertThat(promised)
        .as("new in the contract: record it with -Dcontracts.update=true")
        .containsAll(now);
  }

  @Test
  void aChangedFieldIsFound() {
    NavigableSet<String> now = lines(Discovery.getDescriptor());
    assertThat(now).contains("field hostmesh.v1.Service 1 string namespace");
    assertThat(now).doesNotContain("field hostmesh.v1.Service 2 string namespace");
    assertThat(now)
        .contains("field hostmesh.v1.Endpoints 4 repeated hostmesh.v1.Endpoint endpoints");
    assertThat(now).contains("value hostmesh.v1.Mode 2 MODE_STRICT");
  }
}
