/** Strict reading of HOCON: every mistake is named with its file, line and key. */
@NullMarked
package io.hostmesh.model.hocon;

import org.jspecify.annotations.NullMarked;
