/** What a daemon tells monitoring: its meters and whether it is ready. */
@NullMarked
package io.hostmesh.runtime.metrics;

import org.jspecify.annotations.NullMarked;
