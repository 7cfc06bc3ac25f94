/* SPDX-License-Identifier: BSD-3-Clause */
/* Session ids as they come on the wire. */
#ifndef TANDEM_SID_H
#define TANDEM_SID_H

#include <stdbool.h>
#include <string.h>

#include "reply.h"
#include "session.h"

/* No control characters: mxml hands on a line end in an attribute where XML has a space. */
static inline bool sid_valid(const char *sid)
{
	size_t len = strlen(sid);

	return len > 0 && len <= SESSION_SID_MAX && reply_can_carry(sid);
}

#endif
