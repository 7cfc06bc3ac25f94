/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The small services a good component offers: ping (XEP-0199), service discovery (XEP-0030) with the
 * contact for abuse (XEP-0157), version (XEP-0092) and last activity (XEP-0012).  They tell what is
 * in force and no more, and tell it to everybody.
 */
#ifndef TANDEM_SERVICE_H
#define TANDEM_SERVICE_H

#include "commands.h"
#include "config.h"
#include "dispatch.h"

struct service;

/* Adds its routes to `d`; what is pointed to must outlive it.  `started_ms`: when the component
 * began.  Returns NULL and sets errno on failure. */
struct service *service_create(const struct config *cfg, struct dispatch *d,
			       const struct commands *commands, uint64_t started_ms);
void service_destroy(struct service *s);

#endif
