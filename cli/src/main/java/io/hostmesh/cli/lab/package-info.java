/** A whole mesh on one machine: hosts are network namespaces, everything else is the real thing. */
@NullMarked
package io.hostmesh.cli.lab;

import org.jspecify.annotations.NullMarked;
