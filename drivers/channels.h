/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TANDEM_CHANNELS_H
#define TANDEM_CHANNELS_H

#include <stdbool.h>

/* The queues of a kernel interface, as ethtool -l tells them. */
struct channels {
	unsigned int receive; /* in use, alone or combined with one to send */
	bool combined;	      /* the driver thinks in pairs; a veth does not */
};

/* 0, or a negative errno: -ENODEV. An interface that has none to tell of has one. */
int channels_read(const char *interface, struct channels *c);

#endif
