/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A byte stream through the stanza framing, once in one piece and once in pieces of a size that the
 * first byte of the input sets: the events must be the same, at the same places.
 */
#include "frame.h"
#include "fuzz.h"

#define EVENTS_MAX 512

struct event {
	enum frame_event type;
	size_t at;     /* bytes of the stream consumed when it came */
	uint64_t hash; /* of its text */
};

struct record {
	struct event events[EVENTS_MAX];
	unsigned int n;
};

static struct record whole, pieces;

/* FNV-1a */
static uint64_t hash(const char *text)
{
	uint64_t h = 14695981039346656037ULL;

	for (; text != NULL && *text != '\0'; text++)
		h = (h ^ (uint8_t)*text) * 1099511628211ULL;
	return h;
}

static bool is_end(enum frame_event type)
{
	return type == FRAME_CLOSE || type == FRAME_ERROR;
}

static void check_event(const struct frame *f, enum frame_event type)
{
	const char *text = frame_text(f);

	if (type == FRAME_HEADER)
		CHECK(text != NULL && text[0] == '<' && strlen(text) <= FRAME_START_TAG_MAX);
	if (type == FRAME_STANZA)
		CHECK(text != NULL && text[0] == '<' && strlen(text) <= FRAME_STANZA_MAX);
	if (type == FRAME_OVERSIZED)
		CHECK(text == NULL || strlen(text) <= FRAME_START_TAG_MAX);
	if (type == FRAME_ERROR)
		CHECK(frame_error(f) != NULL && frame_error_detail(f) != NULL);
}

static void note(struct record *r, const struct frame *f, enum frame_event type, size_t at)
{
	CHECK(type >= FRAME_MORE && type <= FRAME_ERROR);
	if (type == FRAME_MORE || r->n == EVENTS_MAX)
		return;
	check_event(f, type);
	r->events[r->n++] = (struct event){
		.type = type,
		.at = at,
		.hash = hash(type == FRAME_ERROR   ? frame_error_detail(f)
			     : type == FRAME_CLOSE ? NULL
						   : frame_text(f)),
	};
}

/* Feed a piece in memory of its own; false at the end of the stream. */
static bool feed(struct record *r, struct frame *f, struct input *in, size_t n, size_t *at)
{
	uint8_t *piece = input_take(in, &n);
	enum frame_event type = FRAME_MORE;
	size_t done = 0, used;

	while (done < n && !is_end(type)) {
		type = frame_feed(f, (const char *)piece + done, n - done, &used);
		CHECK(used > 0 && used <= n - done);
		CHECK(type != FRAME_MORE || used == n - done);
		done += used;
		note(r, f, type, *at + done);
	}
	*at += done;
	free(piece);
	return !is_end(type);
}

/* `step` 0: in one piece; else pieces of 1 to `step` bytes, by a generator that it starts. */
static void run(struct record *r, struct input in, unsigned int step)
{
	struct frame *f = frame_create();
	uint32_t random = step;
	size_t at = 0, n;

	CHECK(f != NULL);
	r->n = 0;
	do {
		random = random * 1664525 + 1013904223;
		n = step == 0 ? in.left : 1 + (random >> 16) % step;
	} while (in.left > 0 && feed(r, f, &in, n, &at));
	frame_destroy(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	unsigned int step = input_u8(&in) + 1;

	run(&whole, in, 0);
	run(&pieces, in, step);
	CHECK(whole.n == pieces.n);
	for (unsigned int i = 0; i < whole.n; i++) {
		CHECK(whole.events[i].type == pieces.events[i].type);
		CHECK(whole.events[i].at == pieces.events[i].at);
		CHECK(whole.events[i].hash == pieces.events[i].hash);
	}
	return 0;
}
