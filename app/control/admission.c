/* SPDX-License-Identifier: BSD-3-Clause */
#include "admission.h"
#include "access.h"

bool admission_check(const struct config *cfg, bool enabled, struct dispatch *d, enum iq_kind kind,
		     const struct iq *iq)
{
	if (!enabled) {
		dispatch_error(d, kind, iq->from, iq->id, IQ_SERVICE_UNAVAILABLE);
		return false;
	}
	if (!access_allowed(cfg, iq->from)) {
		dispatch_forbid(d, kind, iq, REFUSAL_ACCESS);
		return false;
	}
	return true;
}
