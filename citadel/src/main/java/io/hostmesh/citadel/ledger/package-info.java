/** What was issued, in a file that shows whether it was changed. */
@NullMarked
package io.hostmesh.citadel.ledger;

import org.jspecify.annotations.NullMarked;
