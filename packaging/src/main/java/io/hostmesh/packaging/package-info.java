/** Makes the distribution out of the modules' jars: class paths, launchers, runtime, AOT caches. */
@NullMarked
package io.hostmesh.packaging;

import org.jspecify.annotations.NullMarked;
