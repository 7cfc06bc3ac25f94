/* SPDX-License-Identifier: BSD-3-Clause */
/* Who may ask a service, before anything else is looked at. */
#ifndef TANDEM_ADMISSION_H
#define TANDEM_ADMISSION_H

#include <stdbool.h>

#include "config.h"
#include "dispatch.h"

/* The service must be on, and the lists must allow the sender.  False: the IQ has been refused. */
bool admission_check(const struct config *cfg, bool enabled, struct dispatch *d, enum iq_kind kind,
		     const struct iq *iq);

#endif
