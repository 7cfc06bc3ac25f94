/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The world around a session book in which alice and bob have a reservation, and how they come to its
 * addresses.  There is one world at a time.
 */
#ifndef TANDEM_RENDEZVOUS_WORLD_H
#define TANDEM_RENDEZVOUS_WORLD_H

#include "session_world.h"

#define OPEN MAILBOX_LEG_ESTABLISHED
#define HALF MAILBOX_LEG_HALF_OPEN
#define SID  "s"

extern struct world *w;
extern struct rendezvous_ends ends;   /* of the last reservation */
extern enum mailbox_rendezvous heard; /* of the address the data plane heard of last */

/* The configuration of a world that has the service; for others to build on. */
void rendezvous(struct config *cfg);

/* `tune` is rendezvous() or does what it does; alice has reserved SID for bob, or nobody anything. */
void open_world(void (*tune)(struct config *cfg));
void open_unreserved(void (*tune)(struct config *cfg));
void close_world(void);

/* Reserve, into `ends`; enum refusal, REFUSALS if it went well. */
int reserve(const char *sid, const char *jid, const char *peer);

/* --- at the addresses reserved; `port` is the leg --- */
void leg4(enum mailbox_event_type type, unsigned int port);
void leg6(enum mailbox_event_type type, unsigned int port);
/* Established, but what the worker says is not looked at before the next thing happens. */
void leg4_unseen(unsigned int port);

/* --- claims that do not tell their own ends; each returns the index of its IQ --- */
unsigned int claim4(const char *from, const char *peer);
unsigned int claim6(const char *from, const char *peer);

/* The two claims are answered, their legs joined, and the reservation is used up. */
void assert_spliced(unsigned int a, unsigned int b);

#endif
