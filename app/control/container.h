/* SPDX-License-Identifier: BSD-3-Clause */
/* From a member of a structure to the structure itself. */
#ifndef TANDEM_CONTAINER_H
#define TANDEM_CONTAINER_H

#include <stddef.h>

#define CONTAINER(pointer, type, member) \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
