/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolver.h"

/* One piece of memory, for the helper thread reads all of it. */
struct resolver {
	struct gaicb request;
	struct addrinfo hints;
	char port[6];
	char host[];
};

struct resolver *resolver_start(const char *host, uint16_t port)
{
	struct resolver *r = calloc(1, sizeof(*r) + strlen(host) + 1);
	struct gaicb *list[1];
	int err;

	if (r == NULL)
		return NULL;
	strcpy(r->host, host);
	snprintf(r->port, sizeof(r->port), "%u", (unsigned int)port);
	r->hints.ai_socktype = SOCK_STREAM;
	r->hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
	r->request.ar_name = r->host;
	r->request.ar_service = r->port;
	r->request.ar_request = &r->hints;
	/* gai_error() says 0 for a request that was never queued. */
	if (getaddrinfo(r->host, r->port, &r->hints, &r->request.ar_result) == 0)
		return r;
	r->hints.ai_flags = AI_NUMERICSERV;
	list[0] = &r->request;
	err = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
	if (err != 0) {
		free(r);
		errno = err == EAI_SYSTEM ? errno : EAGAIN;
		return NULL;
	}
	return r;
}

int resolver_poll(struct resolver *r, const struct addrinfo **result)
{
	int err = gai_error(&r->request);

	*result = err == 0 ? r->request.ar_result : NULL;
	return err;
}

void resolver_free(struct resolver *r)
{
	if (r == NULL)
		return;
	/* Literals were never queued: gai_cancel() says all done for those. */
	if (gai_error(&r->request) == EAI_INPROGRESS && gai_cancel(&r->request) == EAI_NOTCANCELED)
		return;
	if (r->request.ar_result != NULL)
		freeaddrinfo(r->request.ar_result);
	free(r);
}
