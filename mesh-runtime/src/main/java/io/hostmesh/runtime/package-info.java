/** What every daemon is made of. */
@NullMarked
package io.hostmesh.runtime;

import org.jspecify.annotations.NullMarked;
