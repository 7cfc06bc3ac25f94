/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel must never answer for the service's TCP: it knows nothing of the connections and
 * would reset them.  nftables rules drop what comes to the service's ports and rendezvous addresses
 * before the kernel's TCP sees it, by whatever interface; on one that is a port itself, right behind
 * the packet sockets.  They outlive a crash, for then the XDP programs pass the ports' frames to the
 * kernel, and go only at an orderly stop.
 */
#ifndef TANDEM_GUARD_H
#define TANDEM_GUARD_H

#include "config.h"

/* Put the rules in place, or in the place of those that an earlier run left, in one transaction.
 * Before any service address is configured.  0 or a negative errno, told in the log. */
int guard_install(const struct config *cfg);

/* After the addresses are gone.  No rules are no error. */
void guard_remove(const struct config *cfg);

#endif
