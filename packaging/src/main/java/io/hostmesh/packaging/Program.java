package io.hostmesh.packaging;

import java.util.ArrayList;
import java.util.List;

/** The programs of the distribution, each with the JVM settings that fit its work. */
enum Program {
  /** On every host beside the applications: small. The road of the data needs the C2 compiler. */
  AGENT(
      "hostmesh-agent",
      "node-agent",
      "io.hostmesh.agent.AgentMain",
      List.of(
          "-Xms16m",
          "-Xmx96m",
          // What starting up left behind goes back to the host. Under load the agent changes the
          // ratios of what is free, and with them the young generation (MemoryKeeper); what is
          // under way at a collection shall fit into a survivor space.
          "-XX:NewSize=2m",
          "-XX:MaxNewSize=16m",
          "-XX:NewRatio=4",
          "-XX:SurvivorRatio=2",
          "-XX:TargetSurvivorRatio=90",
          "-XX:MinHeapFreeRatio=10",
          "-XX:MaxHeapFreeRatio=15",
          "-XX:-ShrinkHeapInSteps",
          "-XX:+UseCompactObjectHeaders",
          // Where it was made for: the cache's pages stay those of the file.
          "-XX:+UnlockDiagnosticVMOptions",
          "-XX:ArchiveRelocationMode=0",
          // Profiles of the training would have the start compile what it calls a few times.
          "-XX:-AOTReplayTraining",
          // Nor is it worth code and profiles (200 calls would do); what is hot soon has as many.
          "-XX:Tier3InvocationThreshold=1000",
          "-XX:Tier3MinInvocationThreshold=500",
          "-XX:Tier3CompileThreshold=10000",
          "-XX:TrimNativeHeapInterval=5000",
          "-XX:ReservedCodeCacheSize=48m")),
  /** Beside an agent that asks for executables: as little as a JVM can be. */
  ATTESTD(
      "hostmesh-attestd",
      "node-agent",
      "io.hostmesh.agent.attestd.AttestdMain",
      List.of("-Xms4m", "-Xmx24m", "-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=16m")),
  PILOT(
      "hostmesh-pilot",
      "pilot",
      "io.hostmesh.pilot.PilotMain",
      List.of("-Xms16m", "-Xmx512m", "-XX:ReservedCodeCacheSize=48m")),
  /**
   * Thousands of signatures a second when a large mesh renews: elliptic curves need the C2
   * compiler.
   */
  CITADEL(
      "hostmesh-citadel",
      "citadel",
      "io.hostmesh.citadel.CitadelMain",
      List.of("-Xms16m", "-Xmx256m", "-XX:ReservedCodeCacheSize=48m")),
  REGISTRY(
      "hostmesh-registry",
      "registry-bridge",
      "io.hostmesh.registry.embedded.RegistryMain",
      List.of("-Xms16m", "-Xmx128m", "-XX:TieredStopAtLevel=1")),
  /** Short runs: what counts is the start. */
  COMMAND(
      "hostmesh",
      "cli",
      "io.hostmesh.cli.Hostmesh",
      List.of("-Xms16m", "-Xmx256m", "-XX:TieredStopAtLevel=1"));

  private static final List<String> EVERYWHERE =
      List.of(
          "-XX:+UseSerialGC",
          "-Xss512k",
          // Nothing in /tmp, and an end rather than a daemon that limps.
          "-XX:-UsePerfData",
          "-XX:+ExitOnOutOfMemoryError",
          // Standard output is the program's; a stale AOT cache is no news to a user.
          "-Xlog:disable",
          "-Xlog:all=error,aot*=off,cds*=off:stderr",
          // System calls through the foreign-function API; Netty's buffers.
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow",
          // Keys are agreed on by elliptic curves: the JDK would take a DH of 2048 bits too.
          "-Djdk.tls.namedGroups=x25519,secp256r1,secp384r1,secp521r1",
          "-Dstdout.encoding=UTF-8",
          "-Dstderr.encoding=UTF-8");

  private final String command;
  private final String module;
  private final String mainClass;
  private final List<String> sizes;

  Program(String command, String module, String mainClass, List<String> sizes) {
    this.command = command;
    this.module = module;
    this.mainClass = mainClass;
    this.sizes = sizes;
  }

  /** What a person types; also the name of its launcher, class-path jar and AOT cache. */
  String command() {
    return command;
  }

  /** The folder of the Maven module that has its main class. */
  String module() {
    return module;
  }

  String mainClass() {
    return mainClass;
  }

  /** All JVM flags but the class path and the AOT cache. */
  List<String> flags() {
    List<String> flags = new ArrayList<>(EVERYWHERE);
    flags.addAll(sizes);
    return List.copyOf(flags);
  }
}
