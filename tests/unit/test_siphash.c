/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SipHash-2-4 against the vectors of its paper's reference code: key 00 01 .. 0f, messages 00 01 ..
 * of whole words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <rte_byteorder.h>
#include <rte_common.h>

#include "siphash.h"

static uint64_t counting(unsigned int from)
{
	uint64_t word = 0;
	unsigned int i;

	for (i = 0; i < 8; i++)
		word |= (uint64_t)(from + i) << (8 * i);
	return word;
}

static void vectors(void **state)
{
	static const struct {
		unsigned int words;
		uint8_t hash[8];
	} rows[] = {
		{0, {0x31, 0x0e, 0x0e, 0xdd, 0x47, 0xdb, 0x6f, 0x72}},
		{1, {0x62, 0x24, 0x93, 0x9a, 0x79, 0xf5, 0xf5, 0x93}},
		{2, {0xdb, 0x9b, 0xc2, 0x57, 0x7f, 0xcc, 0x2a, 0x3f}},
	};
	const struct siphash_key key = {{counting(0), counting(8)}};
	const uint64_t message[2] = {counting(0), counting(8)};
	unsigned int i;

	(void)state;
	for (i = 0; i < RTE_DIM(rows); i++) {
		uint64_t expected;

		memcpy(&expected, rows[i].hash, sizeof(expected));
		assert_int_equal(siphash(&key, message, rows[i].words), rte_le_to_cpu_64(expected));
	}
}

/* The 15-byte message of the paper's appendix A cannot be asked for; its key schedule can fail. */
static void key_matters(void **state)
{
	const uint64_t message[1] = {0};
	const struct siphash_key keys[] = {{{0, 0}}, {{1, 0}}, {{0, 1}}};

	(void)state;
	assert_int_not_equal(siphash(&keys[0], message, 1), siphash(&keys[1], message, 1));
	assert_int_not_equal(siphash(&keys[0], message, 1), siphash(&keys[2], message, 1));
	assert_int_not_equal(siphash(&keys[1], message, 1), siphash(&keys[2], message, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
		cmocka_unit_test(key_matters),
	};

	return cmocka_run_group_tests_name("siphash", tests, NULL, NULL);
}
