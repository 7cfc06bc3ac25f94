/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The service addresses on the TAPs, and on the interfaces that are ports themselves, where the
 * kernel answers ARP and ping for them, and the kernel's settings that go with it.
 */
#ifndef TANDEM_ADDRESS_H
#define TANDEM_ADDRESS_H

#include "config.h"

/*
 * Settings first, then the addresses, on interfaces that exist.  Only when all ports are polled and
 * the guard stands.  0 or a negative errno, told in the log.
 */
int address_configure(const struct config *cfg);

/* Take the addresses away again; missing ones are no error. */
void address_remove(const struct config *cfg);

#endif
