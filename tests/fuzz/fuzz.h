/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the fuzzers share: a claim that ends the run when it does not hold, and an input that is
 * eaten up number by number.
 */
#ifndef TANDEM_FUZZ_H
#define TANDEM_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(claim)                                                                        \
	do {                                                                                \
		if (!(claim)) {                                                             \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #claim); \
			abort();                                                            \
		}                                                                           \
	} while (0)

struct input {
	const uint8_t *at;
	size_t left;
};

/* Copies of what is left, filled up with zeros behind the end. */
static inline void input_bytes(struct input *in, void *to, size_t n)
{
	size_t have = n < in->left ? n : in->left;

	memset(to, 0, n);
	if (have > 0)
		memcpy(to, in->at, have);
	in->at += have;
	in->left -= have;
}

static inline uint8_t input_u8(struct input *in)
{
	uint8_t v;

	input_bytes(in, &v, sizeof(v));
	return v;
}

static inline uint16_t input_u16(struct input *in)
{
	uint16_t v;

	input_bytes(in, &v, sizeof(v));
	return v;
}

static inline uint32_t input_u32(struct input *in)
{
	uint32_t v;

	input_bytes(in, &v, sizeof(v));
	return v;
}

/* The next `n` bytes, or as many as there are, in memory of exactly that size, so that the
 * sanitizer sees who reads behind them.  To be freed. */
static inline uint8_t *input_take(struct input *in, size_t *n)
{
	uint8_t *copy;

	if (*n > in->left)
		*n = in->left;
	copy = malloc(*n);
	CHECK(copy != NULL || *n == 0);
	if (*n > 0)
		memcpy(copy, in->at, *n);
	in->at += *n;
	in->left -= *n;
	return copy;
}

/* Before the first input, whose time-out it would count against: for what takes long. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
