/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the configuration's `limits` mean for sessions.
 *
 * Who made a request is a party that counts: for its bare JID and for its domain, from its admission
 * to its end.  What a session relays is charged to the bare JIDs of its parties about once a second,
 * and once to a JID that is both.
 *
 * A rate a JID is kept by giving each of its spliced sessions the same share of it, which the data
 * plane then enforces a session.  So what one session does not use is not another's, and a session
 * of two such JIDs has the smaller of its shares.  Shares are computed anew as a session is looked
 * at, so who gets one more session is over the rate for about a second.
 */
#include "session_book.h"

static enum ending take(struct quota *quota, const char *jid, struct quota_entry **entry,
			enum ending used_up)
{
	const enum ending endings[] = {
		[QUOTA_OK] = ENDINGS,
		[QUOTA_USED_UP] = used_up,
		[QUOTA_VOLUME] = ENDING_VOLUME_PER_JID,
		[QUOTA_NO_MEMORY] = ENDING_NO_MEMORY,
	};

	return endings[quota_take(quota, jid, entry)];
}

enum ending limits_admit(struct session_book *book, struct party *party, bool joins)
{
	enum ending ending;

	/* Who joins a session makes none of his own: the last one allowed can still become a pair. */
	if (!joins && book->live >= book->cfg->limits.sessions)
		return ENDING_SESSIONS;
	ending = take(&book->jids, party->jid, &party->quota, ENDING_SESSIONS_PER_JID);
	if (ending != ENDINGS)
		return ending;
	return take(&book->domains, party->jid, &party->domain, ENDING_SESSIONS_PER_DOMAIN);
}

/* The entries of a session's JIDs, each once; returns how many. */
static unsigned int accounts_of(const struct session *session, struct quota_entry *accounts[2])
{
	unsigned int n = 0;

	for (int i = 0; i < 2; i++) {
		struct quota_entry *entry = session->party[i]->quota;

		if (entry != NULL && (n == 0 || accounts[0] != entry))
			accounts[n++] = entry;
	}
	return n;
}

void limits_spliced(struct session_book *book, struct session *session)
{
	struct quota_entry *accounts[2];

	for (unsigned int i = accounts_of(session, accounts); i > 0; i--)
		accounts[i - 1]->spliced++;
	limits_set_rate(book, session);
}

void limits_release(struct session *session)
{
	struct quota_entry *accounts[2];

	if (session->stage == STAGE_SPLICED) {
		for (unsigned int i = accounts_of(session, accounts); i > 0; i--)
			accounts[i - 1]->spliced--;
	}
	for (int i = 0; i < 2; i++) {
		if (session->party[i] == NULL)
			continue;
		quota_release(session->party[i]->quota);
		quota_release(session->party[i]->domain);
	}
}

bool limits_charge(const struct session_book *book, struct session *session,
		   const struct flow_status *status)
{
	uint64_t bytes = status->bytes[0] + status->bytes[1];
	uint64_t more = bytes > session->charged ? bytes - session->charged : 0;
	struct quota_entry *accounts[2];
	bool within = true;

	session->charged = bytes;
	/* Sessions are many and not in the cache: their accounts are only opened for somebody. */
	if (book->jids.volume == 0)
		return true;
	for (unsigned int i = accounts_of(session, accounts); i > 0; i--)
		within = quota_charge(accounts[i - 1], more) && within;
	return within;
}

void limits_set_rate(struct session_book *book, struct session *session)
{
	const struct config_limits *limits = &book->cfg->limits;
	const struct mailbox_splicer *splicer = book->splicer;
	uint64_t rate = limits->rate_per_session;
	struct quota_entry *accounts[2];
	unsigned int n = limits->rate_per_jid != 0 ? accounts_of(session, accounts) : 0;

	for (unsigned int i = 0; i < n; i++) {
		uint64_t share = limits->rate_per_jid / accounts[i]->spliced;

		share = share > 0 ? share : 1;
		if (rate == 0 || share < rate)
			rate = share;
	}
	if (rate != session->rate && splicer->rate(splicer->ctx, session->flow, rate) == 0)
		session->rate = rate;
}

void limits_configure(struct session_book *book)
{
	const struct config_limits *limits = &book->cfg->limits;

	book->jids.limit = limits->sessions_per_jid;
	book->jids.volume = limits->volume_per_jid;
	book->domains.limit = limits->sessions_per_domain;
}
