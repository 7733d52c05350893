/** System calls that Java has no words for. */
@NullMarked
package io.hostmesh.runtime.linux;

import org.jspecify.annotations.NullMarked;
