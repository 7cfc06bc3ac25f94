/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame_file.h"

struct file_header {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, snap_length, link_type;
};

struct frame_header {
	uint32_t s, us, captured, length;
};

static const struct file_header header = {
	.magic = 0xa1b2c3d4, .major = 2, .minor = 4, .snap_length = 65535, .link_type = 1};

FILE *frame_file_create(const char *path)
{
	FILE *file = fopen(path, "wb");

	if (file != NULL)
		fwrite(&header, sizeof(header), 1, file);
	return file;
}

FILE *frame_file_open(const char *path)
{
	FILE *file = fopen(path, "rb");
	struct file_header h;

	if (file != NULL && (fread(&h, sizeof(h), 1, file) != 1 || h.magic != header.magic)) {
		fclose(file);
		return NULL;
	}
	return file;
}

void frame_file_add(FILE *file, const void *frame, uint16_t length)
{
	const struct frame_header h = {.captured = length, .length = length};

	fwrite(&h, sizeof(h), 1, file);
	fwrite(frame, 1, length, file);
}

uint16_t frame_file_next(FILE *file, void *frame, uint16_t room)
{
	struct frame_header h;

	if (fread(&h, sizeof(h), 1, file) != 1 || h.captured > room ||
	    fread(frame, 1, h.captured, file) != h.captured)
		return 0;
	return (uint16_t)h.captured;
}
