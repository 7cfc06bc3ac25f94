/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Words that one thread writes and others read as they are: counters and tracked state.  On the
 * machines DPDK runs on these are plain loads and stores; the names say that sharing is meant.
 */
#ifndef TANDEM_RELAXED_H
#define TANDEM_RELAXED_H

#define relaxed_load(p)	    __atomic_load_n((p), __ATOMIC_RELAXED)
#define relaxed_store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
/* Not an atomic addition: for words with one writer, or that may undercount with several. */
#define relaxed_add(p, v) relaxed_store((p), relaxed_load(p) + (v))

#endif
