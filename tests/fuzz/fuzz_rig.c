/* SPDX-License-Identifier: BSD-3-Clause */
#include "fuzz_rig.h"

#define HEADROOM 128

/* The linker puts it in the place of mailbox_now_ms(). */
uint64_t __wrap_mailbox_now_ms(void);

uint64_t __wrap_mailbox_now_ms(void)
{
	return *fuzz_now_ms() != 0 ? *fuzz_now_ms() : FUZZ_RIG_BEGIN_MS;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	void *state = NULL;

	(void)argc;
	(void)argv;
	CHECK(rig_ports(&state) == 0);
	return 0;
}

void fuzz_rig_start(struct rig_mix *mix)
{
	void *state = mix;

	CHECK(rig_start(&state) == 0);
}

void fuzz_rig_end(void)
{
	void *state = NULL;

	CHECK(rig_end(&state) == 0);
}

static void free_external(void *addr, void *opaque)
{
	free(addr);
	free(opaque);
}

static struct rte_mbuf *attach(const uint8_t *data, size_t n, uint16_t headroom)
{
	struct rte_mbuf_ext_shared_info *info = calloc(1, sizeof(*info));
	struct rte_mbuf *m = rte_pktmbuf_alloc(fixture_pool);
	uint8_t *buffer = malloc(headroom + n);

	CHECK(info != NULL && m != NULL && buffer != NULL);
	info->free_cb = free_external;
	info->fcb_opaque = info;
	rte_mbuf_ext_refcnt_set(info, 1);
	rte_pktmbuf_attach_extbuf(m, buffer, 0, (uint16_t)(headroom + n), info);
	m->data_off = headroom;
	m->data_len = (uint16_t)n;
	m->pkt_len = (uint32_t)n;
	if (n > 0)
		memcpy(buffer + headroom, data, n);
	return m;
}

struct rte_mbuf *fuzz_mbuf(const uint8_t *data, size_t n)
{
	return attach(data, n, HEADROOM);
}

struct rte_mbuf *fuzz_mbuf_two(const uint8_t *data, size_t n, size_t first)
{
	struct rte_mbuf *m;

	if (first == 0 || first >= n)
		return fuzz_mbuf(data, n);
	m = attach(data, first, HEADROOM);
	CHECK(rte_pktmbuf_chain(m, attach(data + first, n - first, 0)) == 0);
	return m;
}

uint64_t fuzz_rig_dropped(void)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < DROP_REASONS; i++)
		n += fuzz_stats()->dropped[i];
	return n;
}
