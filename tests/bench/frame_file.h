/* SPDX-License-Identifier: BSD-3-Clause */
/* Frames in a file, as tcpdump reads them: pcap of Ethernet in the byte order of this machine. */
#ifndef TANDEM_BENCH_FRAME_FILE_H
#define TANDEM_BENCH_FRAME_FILE_H

#include <stdint.h>
#include <stdio.h>

/* A file that frames may be added to, or that the first is to be read from; NULL: not possible. */
FILE *frame_file_create(const char *path);
FILE *frame_file_open(const char *path);

void frame_file_add(FILE *file, const void *frame, uint16_t length);

/* The length of the next frame, which is then in `frame`; 0: there is none, or not of up to `room`
 * bytes. */
uint16_t frame_file_next(FILE *file, void *frame, uint16_t room);

#endif
