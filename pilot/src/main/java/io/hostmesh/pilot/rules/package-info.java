/**
 * The rules that hold: which documents are good, and which good ones stay while a newer one is not.
 */
@NullMarked
package io.hostmesh.pilot.rules;

import org.jspecify.annotations.NullMarked;
