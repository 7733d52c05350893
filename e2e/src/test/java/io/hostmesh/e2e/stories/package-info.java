/**
 * Stories on labs: real programs on hosts of their own, the whole mesh, by the command that people
 * type.
 */
@NullMarked
package io.hostmesh.e2e.stories;

import org.jspecify.annotations.NullMarked;
