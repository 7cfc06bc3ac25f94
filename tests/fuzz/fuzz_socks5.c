/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Bytes through the SOCKS5 automaton, once in one piece and once in pieces of a size that the first
 * byte of the input sets: it must read as much, be in the same state and say the same.  The
 * automaton, and what it writes, lie in memory of their own size.
 */
#include "fuzz.h"
#include "socks5.h"

/* Random pieces of 1 to `step` bytes; 0: in one. */
static size_t run(struct socks5 *s, struct input in, unsigned int step)
{
	uint32_t random = step;
	size_t total = 0, n, used;
	uint8_t *piece;

	memset(s, 0, sizeof(*s));
	do {
		random = random * 1664525 + 1013904223;
		n = step == 0 ? in.left : 1 + (random >> 16) % step;
		piece = input_take(&in, &n);
		used = socks5_read(s, piece, n);
		CHECK(used <= n && s->state < SOCKS5_STATES);
		CHECK(used == n || s->state >= SOCKS5_NAMED);
		free(piece);
		total += used;
	} while (in.left > 0);
	CHECK(total <= SOCKS5_HEARD_MAX);
	return total;
}

static size_t check_said(const struct socks5 *s, uint8_t *said)
{
	size_t n = socks5_said(s, said);

	CHECK(n <= SOCKS5_SAID_MAX);
	CHECK(n != 1 && (n == 0 || said[0] == 5));
	CHECK(n <= 2 || (said[1] == 0 && said[2] == 5 && said[3] == s->reply));
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	unsigned int step = input_u8(&in) + 1;
	struct socks5 *whole = malloc(sizeof(*whole)), *pieces = malloc(sizeof(*pieces));
	uint8_t *said = malloc(SOCKS5_SAID_MAX), name[SOCKS5_NAME_BYTES];

	CHECK(whole != NULL && pieces != NULL && said != NULL);
	CHECK(run(whole, in, 0) == run(pieces, in, step));
	CHECK(memcmp(whole, pieces, sizeof(*whole)) == 0);
	check_said(whole, said);
	if (whole->state == SOCKS5_NAMED) {
		socks5_name(whole, name);
		socks5_answer(whole, step & 1 ? SOCKS5_SUCCEEDED : SOCKS5_NOT_ALLOWED);
		CHECK(check_said(whole, said) == SOCKS5_SAID_MAX);
		CHECK(memcmp(said + 2 + 5, whole->digits, SOCKS5_DIGITS) == 0);
	}
	free(said);
	free(pieces);
	free(whole);
	return 0;
}
