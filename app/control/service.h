/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The small services a good component offers: ping (XEP-0199) and service discovery (XEP-0030),
 * which tells what is in force and no more.
 */
#ifndef TANDEM_SERVICE_H
#define TANDEM_SERVICE_H

#include "config.h"
#include "dispatch.h"

struct service;

/* Adds its routes to `d`; `cfg` and `d` must outlive it.  Returns NULL and sets errno on failure.
 */
struct service *service_create(const struct config *cfg, struct dispatch *d);
void service_destroy(struct service *s);

#endif
