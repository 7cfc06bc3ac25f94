/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "send_queue.h"

#define PIECES_A_WRITE 64

struct piece {
	STAILQ_ENTRY(piece) next;
	bool keep;
	size_t len;
	char text[];
};

struct send_queue {
	STAILQ_HEAD(pieces, piece) pieces;
	size_t written; /* of the first piece */
	size_t bytes;	/* of all, less `written` */
	size_t max_bytes;
};

struct send_queue *send_queue_create(size_t max_bytes)
{
	struct send_queue *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return NULL;
	STAILQ_INIT(&o->pieces);
	o->max_bytes = max_bytes;
	return o;
}

static void remove_first(struct send_queue *o)
{
	struct piece *p = STAILQ_FIRST(&o->pieces);

	STAILQ_REMOVE_HEAD(&o->pieces, next);
	o->bytes -= p->len - o->written;
	o->written = 0;
	free(p);
}

void send_queue_destroy(struct send_queue *o)
{
	if (o == NULL)
		return;
	while (!STAILQ_EMPTY(&o->pieces))
		remove_first(o);
	free(o);
}

int send_queue_add(struct send_queue *o, const char *text, size_t len, bool keep)
{
	struct piece *p;

	if (len > o->max_bytes || o->bytes > o->max_bytes - len)
		return -ENOBUFS;
	p = malloc(sizeof(*p) + len);
	if (p == NULL)
		return -ENOMEM;
	p->keep = keep;
	p->len = len;
	memcpy(p->text, text, len);
	STAILQ_INSERT_TAIL(&o->pieces, p, next);
	o->bytes += len;
	return 0;
}

static void wrote(struct send_queue *o, size_t n)
{
	while (n > 0) {
		size_t left = STAILQ_FIRST(&o->pieces)->len - o->written;

		if (n < left) {
			o->written += n;
			o->bytes -= n;
			return;
		}
		n -= left;
		remove_first(o);
	}
}

int send_queue_flush(struct send_queue *o, int fd)
{
	while (!STAILQ_EMPTY(&o->pieces)) {
		struct iovec iov[PIECES_A_WRITE];
		struct msghdr msg = {.msg_iov = iov};
		size_t skip = o->written;
		struct piece *p;
		ssize_t n;

		STAILQ_FOREACH (p, &o->pieces, next) {
			if (msg.msg_iovlen == PIECES_A_WRITE)
				break;
			iov[msg.msg_iovlen++] = (struct iovec){p->text + skip, p->len - skip};
			skip = 0;
		}
		n = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EWOULDBLOCK ? -EAGAIN : -errno;
		wrote(o, (size_t)n);
	}
	return 0;
}

unsigned int send_queue_rewind(struct send_queue *o)
{
	struct pieces kept = STAILQ_HEAD_INITIALIZER(kept);
	unsigned int n = 0;
	struct piece *p;

	o->written = 0;
	o->bytes = 0;
	while ((p = STAILQ_FIRST(&o->pieces)) != NULL) {
		STAILQ_REMOVE_HEAD(&o->pieces, next);
		if (!p->keep) {
			free(p);
			continue;
		}
		STAILQ_INSERT_TAIL(&kept, p, next);
		o->bytes += p->len;
		n++;
	}
	STAILQ_CONCAT(&o->pieces, &kept);
	return n;
}

size_t send_queue_bytes(const struct send_queue *o)
{
	return o->bytes;
}

bool send_queue_torn(const struct send_queue *o)
{
	return o->written > 0;
}
