/** Files that a daemon keeps. */
@NullMarked
package io.hostmesh.runtime.state;

import org.jspecify.annotations.NullMarked;
