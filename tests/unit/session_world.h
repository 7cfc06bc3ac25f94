/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The world around a session book: an XMPP side that counts answers, two workers that own legs and
 * speak through a real mailbox, a flow table that is a list, and a clock moved by hand.
 *
 *   198.51.100.1:PORT ... 192.0.2.1:4000     leg PORT is the one from that port; its id is PORT too
 *
 * world_close() asserts what must hold after any story: every IQ was answered exactly once, gauges
 * are zero, every leg and flow came to an end that its worker knows of.
 */
#ifndef TANDEM_SESSION_WORLD_H
#define TANDEM_SESSION_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "session_book.h"

#define WORLD_LEGS  32768
#define WORLD_IQS   65536
#define WORLD_FLOWS 16384
#define WORLD_TRACE 512
#define SERVICE	    4000
#define SOCKS5	    7777

#define PENDING (-1) /* of an IQ that is not answered */

struct world_leg {
	bool exists, established, claimed, retire_asked, retired, reset, opened;
	bool named, admitted, refused;
	uint64_t flow;
	unsigned int side, worker;
	bool report_withheld;
};

struct world_flow {
	bool in_table, reset_asked;
	struct flow_status status;
	uint64_t rate; /* bytes a second */
	struct leg_report side[2];
};

struct world_iq {
	bool used;
	int result; /* enum iq_result or PENDING */
};

struct world {
	struct config cfg;
	struct mailbox *mb;
	struct mailbox_splicer splicer;
	struct control_stats stats;
	struct session_book *book;
	uint64_t now_ms;

	bool stream_up;
	bool lazy_owners;    /* do not answer RETIRE */
	bool lazy_resetters; /* do not answer FLOW_RESET */
	bool lazy_fences;    /* do not answer FENCE */
	bool deaf_workers;   /* do not even look into their rings */
	int insert_error;
	unsigned int challenges;      /* commands LEG_CHALLENGE */
	struct four_tuple challenged; /* by the last */

	struct world_leg *legs;
	struct world_flow *flows; /* index = id; 0 is not used */
	struct world_iq *iqs;
	unsigned int n_iqs, n_flows;
	unsigned int refusals[REFUSALS]; /* told in answers */
	char trace[WORLD_TRACE]; /* R retired, I insert, + result, ! error, O open, X reset */
	char account[1024];	 /* the last line of log_info() */
};

/* `tune` may change the configuration before the book is made; NULL is allowed. */
struct world *world_open(void (*tune)(struct config *cfg));
void world_close(struct world *w);

/* --- what happens to legs; the workers then do what they are told --- */
struct four_tuple world_tuple(unsigned int port);
void world_half_open(struct world *w, unsigned int port);
void world_established(struct world *w, unsigned int port);
/* Leg `port` that comes from that port to another end of the relay; half-open or established. */
void world_leg_at(struct world *w, enum mailbox_event_type type, unsigned int port,
		  const struct in6_addr *relay_addr, in_port_t relay_port);
/* Likewise, but what the worker says is not looked at before the next thing happens. */
void world_leg_at_unseen(struct world *w, enum mailbox_event_type type, unsigned int port,
			 const struct in6_addr *relay_addr, in_port_t relay_port);
void world_gone_unseen(struct world *w, unsigned int port, enum leg_end end);
/* Look at one of the things that the workers said. */
void world_look(struct world *w);
/* Leg `id` on the four-tuple of leg `port`. */
void world_established_as(struct world *w, unsigned int id, unsigned int port);
void world_gone(struct world *w, unsigned int port, enum leg_end end);
void world_retired(struct world *w, unsigned int port);

/* --- SOCKS5 --- */
/* Leg `port` of the SOCKS5 service asked for the name that begins with `name`. */
void world_named(struct world *w, unsigned int port, const char *name);
/* The activation of one of two names (NULL: there is only one); returns the index of its IQ. */
unsigned int world_activate(struct world *w, const char *from, const char *sid, const char *target,
			    const char *name, const char *other);

/* --- claims; each returns the index of its IQ --- */
unsigned int world_claim(struct world *w, const struct claim *claim);
/* The claim of `from` by all four values on leg `port`. */
unsigned int world_claim_leg(struct world *w, const char *from, const char *sid, const char *peer,
			     unsigned int port);
/* Likewise by rule c. */
unsigned int world_claim_port(struct world *w, const char *from, const char *sid, const char *peer,
			      unsigned int port);
/* Likewise by rule b. */
unsigned int world_claim_source(struct world *w, const char *from, const char *sid,
				const char *peer, unsigned int port);
struct in6_addr world_ip(const char *v4);

/* Let `ms` pass in steps as the loop would take them. */
void world_pass(struct world *w, uint64_t ms);
/* Let the workers carry out what is in their rings. */
void world_work(struct world *w);

/* Two established legs, claimed as `sid` by alice (port) and bob (port + 1), each naming the other;
 * the indices of the IQs are `a` and `b`. */
void world_claim_both(struct world *w, const char *sid, unsigned int port, unsigned int *a,
		      unsigned int *b);
/* Likewise, and spliced. */
uint64_t world_splice(struct world *w, const char *sid, unsigned int port);

#define assert_answer(w, iq, expected) assert_int_equal((w)->iqs[iq].result, expected)
#define assert_closed(w, reason, n)    assert_int_equal((w)->stats.sessions_closed[reason], n)
#define assert_refusals(w, limit, n)   assert_int_equal((w)->refusals[limit], n)
#define assert_gauge(w, state, n)      assert_int_equal((w)->stats.sessions[state], n)

#define ALICE "alice@example.org/desk"
#define BOB   "bob@example.org/laptop"
#define CAROL "carol@example.org/phone"
#define DAVE  "dave@example.org/tablet"

#endif
