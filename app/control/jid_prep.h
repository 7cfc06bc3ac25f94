/* SPDX-License-Identifier: BSD-3-Clause */
/* Jabber IDs as servers prepare them: stringprep, with the profiles of RFC 3920. */
#ifndef TANDEM_JID_PREP_H
#define TANDEM_JID_PREP_H

#include <stdbool.h>

#include "config.h"

#define JID_SIZE (CONFIG_MAX_JID + 1)

/*
 * Prepare the JID `text`: Nameprep (RFC 3491) for its domain, Nodeprep and Resourceprep (RFC 3920,
 * appendices A and B) for the rest.  Code points that Unicode 3.2 does not assign pass, as servers
 * let them.  False, and nothing of use in `out`, for what is no JID or has a part that may not be
 * in one.  Any thread.
 */
bool jid_prepare(const char *text, char out[JID_SIZE]);

#endif
