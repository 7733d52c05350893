/** Configuration files of the daemons. */
@NullMarked
package io.hostmesh.runtime.config;

import org.jspecify.annotations.NullMarked;
