/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Legs: both ends of sessions connect to the relay.  Those of the SOCKS5 service ask it for the name of
 * their bytestream, which is that of stream id "sN" between uN@example.org/a and vN@example.org/b.
 */
#ifndef TANDEM_BENCH_KNOCK_H
#define TANDEM_BENCH_KNOCK_H

#include "traffic.h"
#include "wires.h"

struct knock {
	struct traffic *traffic;
	struct wires *wires;
	bool socks5;
	uint8_t (*states)[2]; /* of each session's legs; zeroed */
};

/* Connect the legs of `n` sessions from `first` on; dies when nothing goes on any more. */
void knock(struct knock *k, uint32_t first, uint32_t n);

/* Take all that has come, and answer where an answer is due: also to the first word that a leg is
 * cleared to send.  Returns how many legs that connected. */
uint32_t knock_hear(struct knock *k);

/* Hear until both legs of a session are cleared to send.  False: it takes for ever. */
bool knock_await_open(struct knock *k, uint32_t session);

#endif
