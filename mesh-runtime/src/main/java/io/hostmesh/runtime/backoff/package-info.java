/** When to try again. */
@NullMarked
package io.hostmesh.runtime.backoff;

import org.jspecify.annotations.NullMarked;
