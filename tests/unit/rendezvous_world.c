/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>

#include "rendezvous_world.h"

struct world *w;
struct rendezvous_ends ends;
enum mailbox_rendezvous heard;

static void hear(void *ctx, in_port_t port, const struct in6_addr *addr6,
		 enum mailbox_rendezvous told)
{
	(void)ctx;
	assert_true(port != 0 && !IN6_IS_ADDR_UNSPECIFIED(addr6));
	heard = told;
}

void rendezvous(struct config *cfg)
{
	cfg->rendezvous.enabled = true;
	cfg->rendezvous.ports = (struct config_range){10000, 19999};
	inet_pton(AF_INET6, "2001:db8:0:1::", &cfg->rendezvous.prefix.addr);
	cfg->rendezvous.prefix.prefix_len = 64;
	cfg->timers.reserve_ms = 120000;
	cfg->limits.reservations_per_jid = 2;
}

int reserve(const char *sid, const char *jid, const char *peer)
{
	return (int)session_reserve(w->book, sid, jid, peer, w->now_ms, &ends);
}

void open_unreserved(void (*tune)(struct config *cfg))
{
	w = world_open(tune);
	w->splicer.rendezvous = hear;
}

void open_world(void (*tune)(struct config *cfg))
{
	open_unreserved(tune);
	assert_int_equal(reserve(SID, ALICE, BOB), REFUSALS);
	assert_int_equal(heard, MAILBOX_RENDEZVOUS_OPEN);
}

void close_world(void)
{
	world_close(w);
}

void leg4(enum mailbox_event_type type, unsigned int port)
{
	struct in6_addr own = world_ip("192.0.2.1");

	world_leg_at(w, type, port, &own, ends.port);
}

void leg6(enum mailbox_event_type type, unsigned int port)
{
	world_leg_at(w, type, port, &ends.addr6, htons(SERVICE));
}

void leg4_unseen(unsigned int port)
{
	struct in6_addr own = world_ip("192.0.2.1");

	world_leg_at_unseen(w, OPEN, port, &own, ends.port);
}

unsigned int claim4(const char *from, const char *peer)
{
	struct claim claim = {.from = from,
			      .sid = SID,
			      .peer = peer,
			      .ip = world_ip("192.0.2.1"),
			      .port = ends.port};

	return world_claim(w, &claim);
}

unsigned int claim6(const char *from, const char *peer)
{
	struct claim claim = {
		.from = from, .sid = SID, .peer = peer, .ip = ends.addr6, .port = htons(SERVICE)};

	return world_claim(w, &claim);
}

void assert_spliced(unsigned int a, unsigned int b)
{
	assert_answer(w, a, IQ_OK);
	assert_answer(w, b, IQ_OK);
	assert_gauge(w, SESSIONS_SPLICED, 1);
	assert_int_equal(w->stats.reservations, 0);
	assert_int_equal(heard, MAILBOX_RENDEZVOUS_FREE);
}
