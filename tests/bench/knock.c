/* SPDX-License-Identifier: BSD-3-Clause */
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <openssl/sha.h>
#include <rte_cycles.h>

#include "knock.h"

/* Legs that may be on their way at once, and when those are asked again that heard nothing. */
#define UNDER_WAY  1024
#define AGAIN_MS   500
#define PATIENCE_S 20

/* RFC 1928, as XEP-0065 has it. */
#define NAME_DIGITS   40
#define METHODS_REPLY 2
#define CONNECT_BYTES (5 + NAME_DIGITS + 2)

enum state { ABSENT, CALLING, OFFERING, ASKING, CONNECTED, OPEN };

static void send_one(struct knock *k, unsigned int side, struct rte_mbuf *m)
{
	wires_send(k->wires, side, &m, 1);
}

static void call(struct knock *k, uint32_t session, unsigned int side)
{
	struct rte_mbuf *m = wires_blank(k->wires);

	traffic_syn(k->traffic, session, side, m);
	k->states[session][side] = CALLING;
	send_one(k, side, m);
}

static void say(struct knock *k, const struct traffic_answer *a, const void *data, uint16_t size)
{
	struct rte_mbuf *m = wires_blank(k->wires);

	traffic_say(k->traffic, a->session, a->side, data, size, m);
	send_one(k, a->side, m);
}

static void ask_for_name(struct knock *k, const struct traffic_answer *a)
{
	uint8_t request[CONNECT_BYTES] = {5, 1, 0, 3, NAME_DIGITS}, digest[SHA_DIGEST_LENGTH];
	char text[96], digits[NAME_DIGITS + 1];
	unsigned int i;
	int length = snprintf(text, sizeof(text), "s%uu%u@example.org/av%u@example.org/b",
			      a->session, a->session, a->session);

	SHA1((const uint8_t *)text, (size_t)length, digest);
	for (i = 0; i < sizeof(digest); i++)
		snprintf(&digits[2 * i], 3, "%02x", digest[i]);
	memcpy(&request[5], digits, NAME_DIGITS);
	say(k, a, request, sizeof(request));
}

/* Parked legs have a closed window. */
static bool is_update(const struct packet *p)
{
	return !(p->tcp->tcp_flags & RTE_TCP_SYN_FLAG) && p->payload == 0 && p->tcp->rx_win != 0;
}

/* Returns whether the leg is connected by what it heard. */
static bool advance(struct knock *k, const struct traffic_answer *a)
{
	static const uint8_t methods[] = {5, 1, 0};
	uint8_t *state = &k->states[a->session][a->side];
	const uint16_t heard = k->traffic->ends[a->session][a->side].heard;

	if (*state == CALLING && a->p.tcp->tcp_flags & RTE_TCP_SYN_FLAG) {
		*state = k->socks5 ? OFFERING : CONNECTED;
		say(k, a, methods, k->socks5 ? sizeof(methods) : 0);
	} else if (*state == OFFERING && heard >= METHODS_REPLY) {
		*state = ASKING;
		ask_for_name(k, a);
	} else if (*state == ASKING && heard >= METHODS_REPLY + CONNECT_BYTES) {
		*state = CONNECTED;
		say(k, a, NULL, 0);
	} else if (*state == CONNECTED && is_update(&a->p)) {
		/* Cleared to send: who sends nothing is told again. */
		*state = OPEN;
		say(k, a, NULL, 0);
		return false;
	} else {
		return false;
	}
	return *state == CONNECTED;
}

static uint32_t take_burst(struct knock *k, struct rte_mbuf **frames, unsigned int n)
{
	struct traffic_answer answer;
	uint32_t connected = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		if (traffic_hear(k->traffic, frames[i], &answer))
			connected += advance(k, &answer);
		rte_pktmbuf_free(frames[i]);
	}
	return connected;
}

uint32_t knock_hear(struct knock *k)
{
	struct rte_mbuf *frames[WIRE_BURST];
	unsigned int port, n;
	uint32_t connected = 0;

	for (port = 0; port < RIG_PORTS; port++) {
		while ((n = wires_receive(k->wires, port, frames)) > 0)
			connected += take_burst(k, frames, n);
	}
	return connected;
}

/* Whoever called and got no answer. */
static void call_again(struct knock *k, uint32_t first, uint32_t legs)
{
	uint32_t i;

	for (i = 0; i < legs; i++) {
		if (k->states[first + i / 2][i % 2] == CALLING)
			call(k, first + i / 2, i % 2);
	}
}

void knock(struct knock *k, uint32_t first, uint32_t n)
{
	const uint64_t again = AGAIN_MS * rte_get_tsc_hz() / 1000;
	uint32_t called = 0, connected = 0, heard;
	uint64_t progress = rte_rdtsc();
	unsigned int quiet = 0;

	while (connected < 2 * n) {
		unsigned int burst = WIRE_BURST;

		for (; burst > 0 && called < 2 * n && called - connected < UNDER_WAY;
		     burst--, called++)
			call(k, first + called / 2, called % 2);
		heard = knock_hear(k);
		connected += heard;
		if (heard > 0) {
			progress = rte_rdtsc();
			quiet = 0;
		} else if (rte_rdtsc() - progress > again) {
			if (++quiet > PATIENCE_S * 1000 / AGAIN_MS)
				rig_die("%u of %u legs connect, and no more", connected, 2 * n);
			call_again(k, first, called);
			progress = rte_rdtsc();
		}
	}
}

bool knock_await_open(struct knock *k, uint32_t session)
{
	const uint64_t deadline = rte_rdtsc() + PATIENCE_S * rte_get_tsc_hz();

	while (k->states[session][0] != OPEN || k->states[session][1] != OPEN) {
		if (rte_rdtsc() > deadline)
			return false;
		/* The relay's control thread may be on this core. */
		knock_hear(k);
		sched_yield();
	}
	return true;
}
