/** What the tests of every daemon share. */
@NullMarked
package io.hostmesh.runtime.testing;

import org.jspecify.annotations.NullMarked;
