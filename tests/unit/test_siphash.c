/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SipHash-2-4 against the vectors of its paper's reference code: key 00 01 .. 0f, messages 00 01 ..
 * of these sizes; the one of 15 bytes is that of the paper's appendix A.
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

static void vectors(void **state)
{
	static const struct {
		size_t size;
		uint8_t hash[8];
	} rows[] = {
		{0, {0x31, 0x0e, 0x0e, 0xdd, 0x47, 0xdb, 0x6f, 0x72}},
		{1, {0xfd, 0x67, 0xdc, 0x93, 0xc5, 0x39, 0xf8, 0x74}},
		{8, {0x62, 0x24, 0x93, 0x9a, 0x79, 0xf5, 0xf5, 0x93}},
		{15, {0xe5, 0x45, 0xbe, 0x49, 0x61, 0xca, 0x29, 0xa1}},
		{16, {0xdb, 0x9b, 0xc2, 0x57, 0x7f, 0xcc, 0x2a, 0x3f}},
	};
	const struct siphash_key key = {{0x0706050403020100, 0x0f0e0d0c0b0a0908}};
	unsigned char message[16];
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(message); i++)
		message[i] = (unsigned char)i;
	for (i = 0; i < RTE_DIM(rows); i++) {
		uint64_t expected;

		memcpy(&expected, rows[i].hash, sizeof(expected));
		assert_int_equal(siphash(&key, message, rows[i].size), rte_le_to_cpu_64(expected));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors),
	};

	return cmocka_run_group_tests_name("siphash", tests, NULL, NULL);
}
