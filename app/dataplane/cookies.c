/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "cookies.h"

#define SECOND_MS 1000

void cookies_init(struct cookies *c, const struct siphash_key *master, uint16_t mss,
		  uint32_t half_open, uint64_t now_ms)
{
	memset(c, 0, sizeof(*c));
	syncookie_init(&c->secrets, master, mss, now_ms);
	c->on_at = half_open - half_open / 4;
	c->off_at = half_open / 2;
	c->calm = c->off_at / (COOKIES_HALF_OPEN_MS / SECOND_MS);
	c->second_ms = now_ms;
}

void cookies_sent(struct cookies *c, uint64_t now_ms)
{
	c->sent_any = true;
	c->sent_ms = now_ms;
	c->sent_period = c->secrets.period;
	c->sent_in_second++;
}

bool cookies_outstanding(const struct cookies *c, uint64_t now_ms)
{
	return c->sent_any && now_ms / SYNCOOKIE_PERIOD_MS - c->sent_period <= 1;
}

static void end_second(struct cookies *c, uint64_t half_open, uint64_t now_ms)
{
	if (half_open <= c->off_at && c->sent_in_second <= c->calm)
		c->in_force = false;
	c->sent_in_second = 0;
	c->second_ms = now_ms;
}

enum mailbox_cookies cookies_tick(struct cookies *c, uint64_t half_open, uint64_t now_ms)
{
	syncookie_rotate(&c->secrets, now_ms);
	if (now_ms - c->second_ms >= SECOND_MS)
		end_second(c, half_open, now_ms);
	/* Somebody whose last ACK is still under way is half-open, and in no table. */
	if (c->in_force || (c->sent_any && now_ms - c->sent_ms < COOKIES_HALF_OPEN_MS))
		return MAILBOX_COOKIES_IN_FORCE;
	return cookies_outstanding(c, now_ms) ? MAILBOX_COOKIES_OUTSTANDING : MAILBOX_COOKIES_NONE;
}
