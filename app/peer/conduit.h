/* SPDX-License-Identifier: BSD-3-Clause */
/* One stream with a partner, from the offer to the end both agree on.  The options say who begins:
 * who is told whom to connect to. */
#ifndef TANDEM_CONDUIT_H
#define TANDEM_CONDUIT_H

#include "couple.h"
#include "stream.h"

struct conduit {
	struct account *account;
	struct couple couple;
	struct stream stream;
};

/* An outcome; said.  Takes the account's requests until conduit_close(), which must follow. */
int conduit_open(struct conduit *c, const struct options *options, struct account *account);

/* Who does not begin: until there is an offer the user wants. */
int conduit_wait(struct conduit *c);

/* Until clear to send. */
int conduit_connect(struct conduit *c);

/* Carry bytes between the connection and two local descriptors, which may be one. */
int conduit_carry(struct conduit *c, int source, int sink);

/* The partner's full JID. */
const char *conduit_partner(const struct conduit *c);

void conduit_close(struct conduit *c, int outcome);

#endif
