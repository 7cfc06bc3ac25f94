/* SPDX-License-Identifier: BSD-3-Clause */
/* What a SOCKS5 bytestream is called. */
#ifndef TANDEM_BYTESTREAM_NAME_H
#define TANDEM_BYTESTREAM_NAME_H

#include <stdint.h>

#include "mailbox.h"

/* SHA-1 of sid, requester's and target's JID (XEP-0065 5.3.2).  Returns 0, or -EIO when the library
 * refuses. */
int bytestream_name(const char *sid, const char *requester, const char *target,
		    uint8_t name[LEG_NAME_BYTES]);

#endif
