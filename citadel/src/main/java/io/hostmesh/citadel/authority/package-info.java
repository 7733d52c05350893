/** The root, the intermediate and what they sign. */
@NullMarked
package io.hostmesh.citadel.authority;

import org.jspecify.annotations.NullMarked;
