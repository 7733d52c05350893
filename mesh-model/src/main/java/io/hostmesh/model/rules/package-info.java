/** The rules that people write, as values, and how a document becomes one. */
@NullMarked
package io.hostmesh.model.rules;

import org.jspecify.annotations.NullMarked;
