/* SPDX-License-Identifier: BSD-3-Clause */
#include <rte_common.h>

#include "syncookie.h"

#define HASH_BITS 28
#define HASH_MASK ((UINT32_C(1) << HASH_BITS) - 1)
#define MSS_BITS  3
#define MSS_MASK  ((1U << MSS_BITS) - 1)

/* In the low bits of TSval: SACK, and the window scale or NO_WSCALE. */
#define TS_WSCALE    0x0fU
#define TS_NO_WSCALE 0x0fU
#define TS_SACK	     0x10U
#define TS_MASK	     0x1fU

/*
 * What an MSS is rounded down to: the least that is believed of a SYN at all, what is told by no
 * option or an old one, tunnels, Ethernet.  The last index is the relay's own clamp: from there on
 * all are alike, for no peer is told that it may send more.
 */
static const uint16_t mss_steps[MSS_MASK] = {88, 512, 1220, 1300, 1360, 1400, 1440};

static unsigned int mss_index(const struct syncookie_secrets *s, uint16_t mss)
{
	unsigned int i = RTE_DIM(mss_steps) - 1;

	if (mss >= s->mss)
		return MSS_MASK;
	while (i > 0 && mss_steps[i] > mss)
		i--;
	return i;
}

static void derive(struct syncookie_secrets *s, uint64_t period)
{
	struct siphash_key *key = &s->of[period & 1];
	uint64_t i;

	for (i = 0; i < RTE_DIM(key->k); i++) {
		const uint64_t words[] = {period, i};

		key->k[i] = siphash(&s->master, words, sizeof(words));
	}
}

static void set_period(struct syncookie_secrets *s, uint64_t period)
{
	s->period = period;
	derive(s, period);
	derive(s, period - 1);
}

void syncookie_init(struct syncookie_secrets *s, const struct siphash_key *master, uint16_t mss,
		    uint64_t now_ms)
{
	s->master = *master;
	s->mss = mss;
	set_period(s, now_ms / SYNCOOKIE_PERIOD_MS);
}

void syncookie_rotate(struct syncookie_secrets *s, uint64_t now_ms)
{
	if (now_ms / SYNCOOKIE_PERIOD_MS != s->period)
		set_period(s, now_ms / SYNCOOKIE_PERIOD_MS);
}

/* `head` is what stands above the hash. */
static uint32_t hash(const struct syncookie_secrets *s, const struct tuple *t, uint32_t seq,
		     uint32_t head)
{
	uint64_t words[TUPLE_WORDS + 1];
	unsigned int n = tuple_words(t, words);

	words[n++] = (uint64_t)seq << 32 | head;
	return (uint32_t)siphash(&s->of[head >> (HASH_BITS + MSS_BITS)], words,
				 n * sizeof(words[0])) &
	       HASH_MASK;
}

uint32_t syncookie_make(const struct syncookie_secrets *s, const struct tuple *t,
			const struct syncookie_syn *syn)
{
	uint32_t head = (((uint32_t)s->period & 1) << MSS_BITS | mss_index(s, syn->mss))
			<< HASH_BITS;

	return head | hash(s, t, syn->seq, head);
}

bool syncookie_check(const struct syncookie_secrets *s, const struct tuple *t, uint32_t cookie,
		     struct syncookie_syn *syn)
{
	uint32_t head = cookie & ~HASH_MASK;
	unsigned int index = head >> HASH_BITS & MSS_MASK;

	if ((cookie & HASH_MASK) != hash(s, t, syn->seq, head))
		return false;
	syn->mss = index < RTE_DIM(mss_steps) ? mss_steps[index] : s->mss;
	return true;
}

uint32_t syncookie_tsval(uint32_t clock, const struct syncookie_syn *syn)
{
	uint32_t low = syn->options & LEG_WSCALE ? syn->wscale & TS_WSCALE : TS_NO_WSCALE;
	uint32_t tsval;

	if (syn->options & LEG_SACK)
		low |= TS_SACK;
	tsval = (clock & ~TS_MASK) | low;
	return low > (clock & TS_MASK) ? tsval - (TS_MASK + 1) : tsval;
}

void syncookie_read_tsecr(uint32_t tsecr, struct syncookie_syn *syn)
{
	syn->options = LEG_TIMESTAMPS;
	syn->wscale = 0;
	if ((tsecr & TS_WSCALE) != TS_NO_WSCALE) {
		syn->options |= LEG_WSCALE;
		syn->wscale = tsecr & TS_WSCALE;
	}
	if (tsecr & TS_SACK)
		syn->options |= LEG_SACK;
}
