/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "reply.h"
#include "request_book.h"

struct request {
	LIST_ENTRY(request) entry;
	enum iq_kind kind;
	const char *query_ns; /* the route's own string, or NULL */
	char *id;	      /* behind `from`, in the same memory */
	char from[];
};

struct request_book {
	struct dispatch *dispatch;
	LIST_HEAD(, request) requests;
	uint64_t count, max;
};

struct request_book *request_book_create(struct dispatch *d, uint64_t max)
{
	struct request_book *book = calloc(1, sizeof(*book));

	if (book == NULL)
		return NULL;
	book->dispatch = d;
	book->max = max;
	LIST_INIT(&book->requests);
	return book;
}

void request_book_destroy(struct request_book *book)
{
	struct request *r, *next;

	if (book == NULL)
		return;
	for (r = LIST_FIRST(&book->requests); r != NULL; r = next) {
		next = LIST_NEXT(r, entry);
		free(r);
	}
	free(book);
}

void *request_book_add(struct request_book *book, enum iq_kind kind, bool has_query,
		       const struct iq *iq)
{
	size_t from_size = strlen(iq->from) + 1, id_size = strlen(iq->id) + 1;
	bool is_full = book->count >= book->max;
	struct request *r = is_full ? NULL : malloc(sizeof(*r) + from_size + id_size);

	if (r == NULL) {
		dispatch_refuse(book->dispatch, kind, iq->from, iq->id, IQ_RESOURCE_CONSTRAINT,
				is_full ? REFUSAL_SESSIONS : REFUSAL_NO_MEMORY);
		return NULL;
	}
	r->kind = kind;
	r->query_ns = has_query ? iq->ns : NULL;
	r->id = r->from + from_size;
	memcpy(r->from, iq->from, from_size);
	memcpy(r->id, iq->id, id_size);
	LIST_INSERT_HEAD(&book->requests, r, entry);
	book->count++;
	return r;
}

void request_book_answer(void *ctx, void *iq, enum iq_result result, enum refusal refusal)
{
	struct request_book *book = ctx;
	struct request *r = iq;

	if (result != IQ_OK)
		dispatch_refuse(book->dispatch, r->kind, r->from, r->id, result, refusal);
	else
		dispatch_result(book->dispatch, r->kind, r->from, r->id,
				r->query_ns != NULL ? reply_element("query", r->query_ns) : NULL);
	LIST_REMOVE(r, entry);
	book->count--;
	free(r);
}
