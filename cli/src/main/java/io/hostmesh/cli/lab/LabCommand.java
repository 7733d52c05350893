package io.hostmesh.cli.lab;

import picocli.CommandLine.Command;

/** {@code hostmesh lab}: a whole mesh on one machine. */
@Command(
    name = "lab",
    description = "A whole mesh on this machine: hosts are network namespaces.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Example:",
      "  hostmesh lab up --hosts 2",
      "  hostmesh lab run h2 hello --port 8000 --protocol http -- python3 -m http.server 8000",
      "  hostmesh lab exec h1 --as web -- curl http://hello.mesh/",
      "  hostmesh lab down"
    },
    subcommands = {
      LabUp.class,
      LabRun.class,
      LabExec.class,
      LabRemove.class,
      LabStatus.class,
      LabDown.class,
      LabComponent.Stop.class,
      LabComponent.Start.class,
      LabComponent.Kill.class,
      LabComponent.Replace.class,
      LabSupervise.class
    })
public final class LabCommand {}
