package io.hostmesh.packaging;

import static com.tngtech.archunit.base.DescribedPredicate.alwaysTrue;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.AndFullName.Predicates.fullNameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The house: who may know whom. */
class LayersTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.hostmesh");

  private static final String[] PURE = {
    "io.hostmesh.model.routing..",
    "io.hostmesh.agent.balance..",
    "io.hostmesh.agent.authz..",
    "io.hostmesh.agent.limit..",
    "io.hostmesh.agent.tries.."
  };

  @Test
  void dependenciesPointDownTheLayersOnlyAndDaemonsNeverImportEachOther() {
    layeredArchitecture()
        .consideringOnlyDependenciesInAnyPackage("io.hostmesh..")
        .withOptionalLayers(true)
        .layer("model")
        .definedBy("io.hostmesh.model..")
        .layer("api")
        .definedBy("io.hostmesh.api..")
        .layer("runtime")
        .definedBy("io.hostmesh.runtime..")
        .layer("registry-bridge")
        .definedBy("io.hostmesh.registry..")
        .layer("citadel")
        .definedBy("io.hostmesh.citadel..")
        .layer("pilot")
        .definedBy("io.hostmesh.pilot..")
        .layer("node-agent")
        .definedBy("io.hostmesh.agent..")
        .layer("cli")
        .definedBy("io.hostmesh.cli..")
        .layer("packaging")
        .definedBy("io.hostmesh.packaging..")
        .whereLayer("model")
        .mayNotAccessAnyLayer()
        .whereLayer("api")
        .mayOnlyAccessLayers("model")
        .whereLayer("runtime")
        .mayOnlyAccessLayers("model", "api")
        .whereLayer("registry-bridge")
        .mayOnlyAccessLayers("model", "api", "runtime")
        .whereLayer("citadel")
        .mayOnlyAccessLayers("model", "api", "runtime", "registry-bridge")
        .whereLayer("pilot")
        .mayOnlyAccessLayers("model", "api", "runtime", "registry-bridge")
        .whereLayer("node-agent")
        .mayOnlyAccessLayers("model", "api", "runtime", "registry-bridge")
        .whereLayer("cli")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("packaging")
        .mayNotAccessAnyLayer()
        .ensureAllClassesAreContainedInArchitecture()
        .check(CLASSES);
  }

  @Test
  void whatDecidesKnowsNothingOfNettyVertxFilesOrSockets() {
    noClasses()
        .that()
        .resideInAnyPackage(PURE)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.netty..", "io.vertx..", "java.net.http..", "java.nio.file..")
        .because("routing, balancing and authorisation are plans; handlers carry them out")
        .check(CLASSES);
  }

  @Test
  void whatDecidesHasNoClockOfItsOwn() {
    noClasses()
        .that()
        .resideInAnyPackage(PURE)
        .should()
        .callCodeUnitWhere(
            target(
                fullNameMatching(
                    "java\\.lang\\.System\\.(nanoTime|currentTimeMillis)\\(.*"
                        + "|java\\.time\\.[A-Za-z]+\\.now\\(.*"
                        + "|java\\.time\\.Clock\\.system.*")))
        .because("time comes in from outside")
        .check(CLASSES);
  }

  @Test
  void theModelDoesNoInputOrOutput() {
    noClasses()
        .that()
        .resideInAPackage("io.hostmesh.model..")
        .should()
        .dependOnClassesThat(
            resideInAnyPackage("io.netty..", "io.vertx..", "java.net.http..", "java.nio.file.."))
        .check(CLASSES);
  }

  @Test
  void stagesOfTheAgentFormNoCycles() {
    slices()
        .matching("io.hostmesh.agent.(*)..")
        .should()
        .beFreeOfCycles()
        .ignoreDependency(alwaysTrue(), resideInAnyPackage("io.hostmesh.agent"))
        .check(CLASSES);
  }
}
