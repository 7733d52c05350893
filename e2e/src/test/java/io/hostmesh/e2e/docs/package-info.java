/** The documents, run: every command in them is a step of a story. */
@NullMarked
package io.hostmesh.e2e.docs;

import org.jspecify.annotations.NullMarked;
