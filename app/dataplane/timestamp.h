/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timestamps for a segment whose sender has none and whose receiver wants them (DESIGN 3.4):
 * once they are negotiated, a segment without them may be dropped (RFC 7323 3.2).
 */
#ifndef TANDEM_TIMESTAMP_H
#define TANDEM_TIMESTAMP_H

#include "packet.h"

/*
 * Put a timestamps option in front of the other options of a translated segment, in place of any
 * that nobody agreed on.  Where there is no room for it the last SACK blocks go, and other options
 * that do not fit: the relay negotiates none.  So does what stands behind END or a malformed option,
 * which no receiver reads.  `p` follows the headers, which move; checksums are updated.
 *
 * Returns false, with nothing changed, when the mbuf has no headroom.
 */
bool timestamp_insert(struct packet *p, uint32_t tsval, uint32_t tsecr);

#endif
