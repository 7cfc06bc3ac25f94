/* SPDX-License-Identifier: BSD-3-Clause */
#include "admission.h"
#include "access.h"
#include "log.h"

bool admission_check(const struct config *cfg, bool enabled, struct dispatch *d, enum iq_kind kind,
		     const struct iq *iq)
{
	struct log_quoted q;

	if (!enabled) {
		dispatch_error(d, kind, iq->from, iq->id, IQ_SERVICE_UNAVAILABLE);
		return false;
	}
	if (!access_allowed(cfg, iq->from)) {
		log_debug("%s is not allowed to use the relay", log_quote(&q, iq->from));
		dispatch_error(d, kind, iq->from, iq->id, IQ_FORBIDDEN);
		return false;
	}
	return true;
}
