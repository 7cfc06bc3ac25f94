/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame_check.h"

#define ETHERNET 14
#define TCP	 6

uint16_t frame_get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

uint32_t frame_get32(const uint8_t *at)
{
	return (uint32_t)frame_get16(at) << 16 | frame_get16(at + 2);
}

void frame_put16(uint8_t *at, uint16_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

void frame_put32(uint8_t *at, uint32_t v)
{
	frame_put16(at, (uint16_t)(v >> 16));
	frame_put16(at + 2, (uint16_t)v);
}

static bool look4(const uint8_t *ip, unsigned int room, struct frame_view *v)
{
	if (room < 20 || ip[0] >> 4 != 4 || ip[9] != TCP || (frame_get16(ip + 6) & 0x3fff) != 0)
		return false;
	v->ip_header = (ip[0] & 15) * 4;
	v->end = v->ip + frame_get16(ip + 2);
	v->tos = ip[1];
	v->hops = ip[8];
	return v->ip_header >= 20;
}

static bool look6(const uint8_t *ip, unsigned int room, struct frame_view *v)
{
	if (room < 40 || ip[0] >> 4 != 6 || ip[6] != TCP)
		return false;
	v->v6 = true;
	v->ip_header = 40;
	v->end = v->ip + 40 + frame_get16(ip + 4);
	v->tos = (uint8_t)(frame_get16(ip) >> 4);
	v->hops = ip[7];
	return true;
}

bool frame_look(const uint8_t *frame, unsigned int n, struct frame_view *v)
{
	uint16_t type;

	*v = (struct frame_view){.frame = frame, .ip = ETHERNET};
	if (n < ETHERNET)
		return false;
	type = frame_get16(frame + 12);
	if (!(type == 0x0800 && look4(frame + ETHERNET, n - ETHERNET, v)) &&
	    !(type == 0x86dd && look6(frame + ETHERNET, n - ETHERNET, v)))
		return false;
	v->tcp = v->ip + v->ip_header;
	if (v->end > n || v->end < v->tcp + 20)
		return false;
	v->tcp_header = (frame[v->tcp + 12] >> 4) * 4;
	if (v->tcp_header < 20 || v->end < v->tcp + v->tcp_header)
		return false;
	v->payload = v->end - v->tcp - v->tcp_header;
	return true;
}

uint16_t frame_sum(const uint8_t *at, unsigned int n, uint16_t start)
{
	uint32_t sum = start;
	unsigned int i;

	for (i = 0; i < n; i++) {
		sum += i & 1 ? at[i] : (uint32_t)at[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

uint16_t frame_pseudo_sum(bool v6, const uint8_t *ip, uint8_t protocol, unsigned int n)
{
	uint8_t rest[4] = {0, protocol};

	frame_put16(rest + 2, (uint16_t)n);
	return frame_sum(rest, sizeof(rest),
			 v6 ? frame_sum(ip + 8, 32, 0) : frame_sum(ip + 12, 8, 0));
}

uint16_t frame_ip_residue(const struct frame_view *v)
{
	return v->v6 ? 0xffff : frame_sum(v->frame + v->ip, v->ip_header, 0);
}

uint16_t frame_tcp_residue(const struct frame_view *v)
{
	unsigned int n = v->end - v->tcp;

	return frame_sum(v->frame + v->tcp, n, frame_pseudo_sum(v->v6, v->frame + v->ip, TCP, n));
}

void frame_seal(uint8_t *frame, const struct frame_view *v)
{
	if (!v->v6) {
		frame_put16(frame + v->ip + 10, 0);
		frame_put16(frame + v->ip + 10, (uint16_t)~frame_ip_residue(v));
	}
	frame_put16(frame + v->tcp + 16, 0);
	frame_put16(frame + v->tcp + 16, (uint16_t)~frame_tcp_residue(v));
}

unsigned int frame_option(const struct frame_view *v, uint8_t kind, uint8_t length)
{
	unsigned int at = v->tcp + 20, end = v->tcp + v->tcp_header;

	while (at + 1 < end && v->frame[at] != 0) {
		if (v->frame[at] == 1) {
			at++;
			continue;
		}
		if (v->frame[at + 1] < 2 || at + v->frame[at + 1] > end)
			break;
		if (v->frame[at] == kind && v->frame[at + 1] == length)
			return at + 2;
		at += v->frame[at + 1];
	}
	return 0;
}
