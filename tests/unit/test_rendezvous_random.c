/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two who meet at a reserved address, strangers there, and everything in any order: connections come,
 * are established and go, claims are made, and what the workers say of it is looked at whenever it
 * pleases.  Whatever becomes of the two, they are never joined with a stranger, nor one of them with
 * himself; and left alone they meet.
 *
 * Claims say nothing of their own ends, so only counting can tell.
 */
#include <arpa/inet.h>
#include <time.h>

#include "rendezvous_world.h"

#define STORIES	  500
#define STEPS	  60
#define PLACES	  4 /* what the data plane takes at an address */
#define FIRST_LEG 100

enum who { NOBODY, A, B, STRANGER };

static const char *const jids[] = {[A] = ALICE, [B] = BOB};

/* One of the two, as he sees it himself. */
struct client {
	unsigned int leg; /* 0: none that he knows of; he may not have heard that it was reset */
	in_port_t port;	  /* what he connected to */
	bool claimed;
	bool dead;
};

static struct in6_addr own;
static struct client clients[3];
static enum who who_has[WORLD_LEGS];
static unsigned int next_leg;

static char story[4096]; /* what happened, for who wants to know why */

static uint64_t random_state;

static unsigned int below(unsigned int n)
{
	random_state = random_state * 6364136223846793005U + 1442695040888963407U;
	return (unsigned int)(random_state >> 33) % n;
}

static void tell(const char *what, enum who who, unsigned int leg)
{
	size_t used = strlen(story);

	snprintf(story + used, sizeof(story) - used, " %s%c%u", what, "-ABS"[who], leg);
}

static void many(struct config *cfg)
{
	rendezvous(cfg);
	cfg->limits.reservations_per_jid = 1000;
}

static void begin(void)
{
	open_world(many);
	story[0] = '\0';
	own = world_ip("192.0.2.1");
	memset(clients, 0, sizeof(clients));
	memset(who_has, 0, sizeof(who_has));
	next_leg = FIRST_LEG;
}

static bool lives(unsigned int leg)
{
	return w->legs[leg].exists && !w->legs[leg].retired;
}

/* One that is `who`'s and fits, from anywhere on; 0: none. */
static unsigned int pick_leg(enum who who)
{
	unsigned int n = next_leg - FIRST_LEG, from = n > 0 ? below(n) : 0;

	for (unsigned int i = 0; i < n; i++) {
		unsigned int leg = FIRST_LEG + (from + i) % n;

		if (who_has[leg] == who && lives(leg))
			return leg;
	}
	return 0;
}

/* As the data plane does: nothing where nobody listens, four at most.  Each has an owner who tells
 * of all that is his in order, so all legs of one are at the same. */
static unsigned int new_leg(enum who who)
{
	unsigned int leg, n = 0;

	for (leg = FIRST_LEG; leg < next_leg; leg++)
		n += lives(leg);
	if (heard != MAILBOX_RENDEZVOUS_OPEN || n >= PLACES)
		return 0;
	leg = next_leg;
	if (who != STRANGER && leg % 2 != (unsigned int)who % 2)
		leg++;
	next_leg = leg + 1;
	who_has[leg] = who;
	tell("syn", who, leg);
	world_leg_at_unseen(w, MAILBOX_LEG_HALF_OPEN, leg, &own, ends.port);
	return leg;
}

static void client_connects(enum who who)
{
	struct client *c = &clients[who];

	if (c->dead || (c->leg != 0 && lives(c->leg)))
		return;
	c->leg = new_leg(who);
	c->port = ends.port;
	c->claimed = false;
}

/* The last ACK arrives. */
static void establish(enum who who)
{
	unsigned int leg = pick_leg(who);

	if (leg != 0 && !w->legs[leg].established) {
		w->legs[leg].established = true;
		tell("ack", who, leg);
		world_leg_at_unseen(w, MAILBOX_LEG_ESTABLISHED, leg, &own, ends.port);
	}
}

/* He has seen the SYN|ACK: for him it is established, whatever the relay knows. */
static void client_claims(enum who who)
{
	struct client *c = &clients[who];
	struct claim claim = {.from = jids[who], .sid = SID, .ip = own, .port = c->port};
	unsigned int iq = w->n_iqs;

	if (c->dead || c->leg == 0 || c->claimed)
		return;
	claim.peer = below(2) ? jids[A + B - who] : NULL;
	c->claimed = true;
	tell("claim", who, c->leg);
	w->n_iqs++;
	w->iqs[iq] = (struct world_iq){.used = true, .result = PENDING};
	session_claim(w->book, &claim, &w->iqs[iq], w->now_ms);
}

static void leave(enum who who)
{
	unsigned int leg = pick_leg(who);

	/* One exception: a half-open leg that goes says nothing (DESIGN 2.2), or every scan by bare SYNs
	 * would part the two.  It is the claimant's own only if the last ACK of his handshake was lost
	 * and he was gone before the relay could ask again. */
	if (leg == 0 || (who != STRANGER && clients[who].claimed && !w->legs[leg].established))
		return;
	tell("rst", who, leg);
	world_gone_unseen(w, leg, LEG_END_RESET);
	if (who != STRANGER && leg == clients[who].leg) {
		clients[who].leg = 0;
		clients[who].dead = below(2);
	}
}

/* Nobody claimed it in time. */
static void expire(enum who who)
{
	unsigned int leg = pick_leg(who);

	if (leg == 0 || w->legs[leg].claimed || (who != STRANGER && !w->legs[leg].established))
		return;
	tell("expire", who, leg);
	world_gone_unseen(w, leg, LEG_END_TIMEOUT);
}

/* What they had is over: one of them asks again. */
static void reserve_again(enum who who)
{
	if (heard != MAILBOX_RENDEZVOUS_FREE)
		return;
	tell("reserve", who, 0);
	assert_int_equal(reserve(SID, jids[who], jids[A + B - who]), REFUSALS);
}

/* Whoever is joined is alice and bob. */
static void check(void)
{
	for (unsigned int i = 1; i <= w->n_flows; i++) {
		enum who a = who_has[ntohs(w->flows[i].side[0].tuple.peer_port)];
		enum who b = who_has[ntohs(w->flows[i].side[1].tuple.peer_port)];

		if (a + b != A + B || a == b || a == NOBODY || b == NOBODY)
			fail_msg("joined: %c with %c,%s", "-ABS"[a], "-ABS"[b], story);
	}
	assert_true(w->n_flows <= 1);
}

static void step(bool strangers)
{
	enum who one = below(2) ? A : B;

	switch (below(14)) {
	case 0:
	case 1:
		client_connects(one);
		break;
	case 2:
	case 3:
		establish(one);
		break;
	case 4:
	case 5:
		client_claims(one);
		break;
	case 6:
		if (strangers)
			new_leg(STRANGER);
		break;
	case 7:
		establish(STRANGER);
		break;
	case 8:
		if (strangers)
			leave(below(3) ? STRANGER : one);
		break;
	case 9:
		if (strangers)
			expire(below(2) ? STRANGER : one);
		break;
	case 10:
		reserve_again(one);
		break;
	case 11:
	case 12:
		tell("look", NOBODY, 0);
		world_look(w);
		break;
	default:
		tell("work", NOBODY, 0);
		world_work(w);
	}
	check();
}

static unsigned int joined(bool strangers)
{
	unsigned int n = 0;

	for (unsigned int k = 0; k < STORIES; k++) {
		begin();
		for (unsigned int i = 0; i < STEPS && w->n_flows == 0; i++)
			step(strangers);
		world_pass(w, w->cfg.timers.match_ms + 100);
		check();
		n += w->n_flows;
		close_world();
	}
	return n;
}

static void never_with_a_stranger(void **ctx)
{
	(void)ctx;
	print_message("joined in %u of %u stories\n", joined(true), STORIES);
}

static void nearly_always_alone(void **ctx)
{
	unsigned int n = joined(false);

	(void)ctx;
	print_message("joined in %u of %u stories\n", n, STORIES);
	assert_in_range(n, STORIES / 2, STORIES); /* some end before both have done everything */
}

int main(void)
{
	const char *given = getenv("TANDEM_TEST_SEED");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_with_a_stranger),
		cmocka_unit_test(nearly_always_alone),
	};

	random_state = given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	print_message("TANDEM_TEST_SEED=%llu\n", (unsigned long long)random_state);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
