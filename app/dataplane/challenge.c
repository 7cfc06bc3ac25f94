/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Asking a peer whether it is connected.  Where the last ACK of a handshake by cookie was lost, the
 * peer takes itself for established and has nothing to say, for its window is closed; the relay
 * knows nothing of it.  Once somebody claims that leg its peer is sent a segment that it must
 * answer with its current ACK, which carries the cookie.
 *
 * What does that, with no number of the connection known: a pure ACK whose sequence number lies
 * outside of any window (RFC 9293 3.10.7.4, first step).  It always has a timestamp, for a peer
 * that negotiated them drops segments without (RFC 7323 3.2), and one that did not ignores it; a
 * recent one, for not every stack answers an old one.  It says nothing that could change the
 * peer's state, should its sequence number by chance be in the window.  A peer that is not
 * connected sends a RST, which nobody minds.
 */
#include "next_hop.h"
#include "worker.h"

void challenge_remember(struct worker *w, const struct packet *p)
{
	uint64_t source = hop_cache_source(&w->flows->seed, &p->key);

	*hop_cache_slot(&w->hops[p->port], source) = (struct hop_cache_slot){
		.hop = next_hop_make(p->port, 0, &p->eth->src_addr),
		.source = source,
	};
}

static void ask(struct worker *w, const struct tuple *t, uint64_t hop)
{
	if (!rate_limit_take(&w->probes, w->now_ms)) {
		relaxed_add(&w->stats->dropped[DROP_RATE], 1);
		return;
	}
	output_reply(w, &(struct reply){
				.to = *t,
				.next_hop = hop,
				.seq = handshake_isn(w, t),
				.tsval = handshake_clock(w, t),
				.flags = RTE_TCP_ACK_FLAG,
				.timestamps = true,
			});
}

/* The way is certain on one port at most; otherwise each that may be the one is tried. */
static void ask_all_ways(struct worker *w, const struct tuple *t)
{
	uint64_t source = hop_cache_source(&w->flows->seed, t);
	unsigned int port;

	for (port = 0; port < w->n_ports; port++) {
		const struct hop_cache_slot *slot = hop_cache_slot(&w->hops[port], source);

		if (slot->source == source && slot->hop != 0) {
			ask(w, t, slot->hop);
			return;
		}
	}
	for (port = 0; port < w->n_ports; port++) {
		uint64_t hop = hop_cache_slot(&w->hops[port], source)->hop;

		if (hop != 0)
			ask(w, t, hop);
	}
}

void challenge_send(struct worker *w, const struct four_tuple *four)
{
	struct tuple t = tuple_from_four(four);
	uint64_t hash = tuple_hash(&w->flows->seed, &t);

	if (!cookies_outstanding(&w->cookies, w->now_ms) || !listen_is_service(&w->listener, &t) ||
	    leg_find(&w->legs, hash, &t) != NULL ||
	    flow_table_find(w->flows, hash, &t) != TUPLE_NO_SLOT)
		return;
	ask_all_ways(w, &t);
}
