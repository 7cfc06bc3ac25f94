/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ICMP errors about spliced connections.
 *
 *      A ----- segment -----> relay ----- segment' -----> router
 *      A <-- error(segment) --- relay <-- error(segment') --- router
 *
 * The router, or B itself, reports what became of a packet that the relay sent to B.  It was A's:
 * so A is told, from the relay's end of A's leg, with the packet quoted as A had sent it.  Of that
 * the relay knows the addresses, the ports and the numbers that it shifts; a quoted window and
 * quoted options stay as they were on B's leg, for nobody can tell what they had been.
 *
 * An error is believed as RFC 5927 advises: its checksum is good, and it quotes a segment that is
 * outstanding, which who does not see the connection must guess.
 */
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>

#include "checksum.h"
#include "icmp.h"
#include "icmp_map.h"
#include "next_hop.h"
#include "seq.h"
#include "splice.h"
#include "track.h"

/* Errors are no longer than this (RFC 1812 4.3.2.3, RFC 4443 2.4), and no more is read of them. */
#define ERROR_MAX4 576
#define ERROR_MAX6 1280

/* No path needs less: Linux' own bound, and RFC 8200 5. */
#define MTU_MIN4 552
#define MTU_MIN6 1280

/* What of TCP must be quoted: ports and sequence number. */
#define QUOTED_TCP_MIN	 8
#define QUOTED_PORTS_MIN 4

/* RFC 4884 5: bytes of the packet that are quoted, filled up with zeros, before extensions. */
#define EXTENDED_MIN 128

struct icmp_header {
	uint8_t type, code;
	rte_be16_t checksum;
	rte_be32_t word; /* struct icmp_meaning knows what it says */
} __rte_packed;

/* An error that came in about a packet of the relay's. */
struct error {
	struct icmp_meaning meaning;
	bool v6;
	const uint8_t *quote; /* what there is of the packet */
	uint32_t length;      /* of that */
	uint32_t header;      /* its IP header */
	uint32_t total;	      /* the whole packet, by that header */
	struct tuple sent_to; /* whom: the peer of the leg */
	uint32_t slot;	      /* the direction it was sent in, or TUPLE_NO_SLOT */
};

/* --- what came in --- */

static bool read_quote4(struct error *e, const struct packet *p)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)e->quote;

	if (e->length < sizeof(*ip) || ip->version_ihl >> 4 != 4 ||
	    rte_ipv4_hdr_len(ip) < sizeof(*ip) || ip->next_proto_id != IPPROTO_TCP ||
	    (ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK)) != 0 ||
	    ip->src_addr != p->ip->dst_addr)
		return false;
	e->header = rte_ipv4_hdr_len(ip);
	e->total = rte_be_to_cpu_16(ip->total_length);
	e->sent_to.v6 = false;
	e->sent_to.ends.peer_addr = ip->dst_addr;
	e->sent_to.ends.relay_addr = ip->src_addr;
	return true;
}

/* The relay sends no extension headers. */
static bool read_quote6(struct error *e, const struct packet *p)
{
	const struct rte_ipv6_hdr *ip6 = (const struct rte_ipv6_hdr *)e->quote;

	if (e->length < sizeof(*ip6) || rte_be_to_cpu_32(ip6->vtc_flow) >> 28 != 6 ||
	    ip6->proto != IPPROTO_TCP ||
	    memcmp(ip6->src_addr, p->ip6->dst_addr, sizeof(ip6->src_addr)) != 0)
		return false;
	e->header = sizeof(*ip6);
	e->total = (uint32_t)sizeof(*ip6) + rte_be_to_cpu_16(ip6->payload_len);
	tuple_set_v6(&e->sent_to, ip6->dst_addr, ip6->src_addr);
	return true;
}

/* RFC 4884: how much of the message is the packet, before extensions that are left behind here;
 * 0 where it does not say so. */
static uint32_t quoted_length(bool v6, uint8_t type, uint32_t word)
{
	if (!v6)
		return (word >> 16 & UINT8_MAX) * 4;
	return type == ICMP6_DST_UNREACH || type == ICMP6_TIME_EXCEEDED ? (word >> 24) * 8 : 0;
}

/* False: it quotes no TCP packet sent by whom it is addressed to.  `copy` has room for the longest
 * error, and must live as long as `e`. */
static bool read_error(struct error *e, const struct packet *p, uint8_t *copy)
{
	uint32_t length = RTE_MIN(p->payload, (uint32_t)ERROR_MAX6), word, said;
	const uint8_t *message = rte_pktmbuf_read(p->m, packet_icmp_offset(p), length, copy);
	const struct icmp_header *icmp = (const struct icmp_header *)message;
	const struct rte_tcp_hdr *tcp;

	word = rte_be_to_cpu_32(icmp->word);
	e->v6 = p->key.v6;
	e->meaning = icmp_meaning_read(e->v6, icmp->type, icmp->code, word);
	e->quote = message + sizeof(*icmp);
	e->length = length - (uint32_t)sizeof(*icmp);
	said = quoted_length(e->v6, icmp->type, word);
	if (said >= EXTENDED_MIN && said < e->length)
		e->length = said;
	if (!(e->v6 ? read_quote6(e, p) : read_quote4(e, p)) ||
	    e->length < e->header + QUOTED_PORTS_MIN)
		return false;
	tcp = (const struct rte_tcp_hdr *)(e->quote + e->header);
	e->sent_to.ends.peer_port = tcp->dst_port;
	e->sent_to.ends.relay_port = tcp->src_port;
	e->length = RTE_MIN(e->length, e->total);
	return true;
}

/* The direction towards a peer is the other one of the direction its packets come in. */
static void find_direction(const struct flow_table *t, struct error *e)
{
	uint32_t slot = flow_table_find(t, tuple_hash(&t->seed, &e->sent_to), &e->sent_to);

	e->slot = slot == TUPLE_NO_SLOT ? slot : slot ^ 1;
}

/* --- is it to be believed, and what is it worth to the other end --- */

static const struct rte_tcp_hdr *quoted_tcp(const struct error *e)
{
	return (const struct rte_tcp_hdr *)(e->quote + e->header);
}

/* RFC 5927 4.1: sent, and not acknowledged. */
static bool outstanding(const struct flow_table *t, const struct error *e)
{
	uint32_t delta = t->lines[e->slot].seq_delta;
	uint32_t seq = rte_be_to_cpu_32(quoted_tcp(e)->sent_seq) - delta;
	uint32_t acked = relaxed_load(&t->tracks[e->slot ^ 1].ack_hi) - delta;

	return seq_not_after(acked, seq) &&
	       seq_after(relaxed_load(&t->tracks[e->slot].seq_hi), seq);
}

/* RFC 1191 7: the likely MTU of the hop that `length` bytes were too much for; RFC 7915 4.2. */
static uint32_t plateau(uint32_t length)
{
	static const uint16_t plateaus[] = {32000, 17914, 8166, 4352, 2002, 1492, 1006, 508};
	size_t i;

	for (i = 0; i < RTE_DIM(plateaus); i++) {
		if (plateaus[i] < length)
			return plateaus[i];
	}
	return 0;
}

/* What a packet may have at its sender so that it has no more than `mtu` bytes behind the relay.
 * Nobody may be asked for less than 1280 bytes of IPv6. */
static uint32_t mtu_before(const struct flow_line *line, uint32_t mtu)
{
	uint32_t before = mtu - (uint32_t)splice_growth(line);

	return line->flags & FLOW_KEY6 ? RTE_MAX(before, (uint32_t)MTU_MIN6)
				       : RTE_MIN(before, (uint32_t)UINT16_MAX);
}

static bool translate_mtu(const struct flow_line *line, struct error *e)
{
	uint32_t *mtu = &e->meaning.value;

	if (*mtu == 0 && !e->v6)
		*mtu = plateau(e->total);
	if (*mtu < (e->v6 ? MTU_MIN6 : MTU_MIN4))
		return false;
	*mtu = mtu_before(line, *mtu);
	return *mtu >= MTU_MIN4;
}

static bool translate_meaning(const struct flow_line *line, struct error *e)
{
	bool to6 = line->flags & FLOW_KEY6;

	if (e->meaning.detail == ICMP_DETAIL_MTU && !translate_mtu(line, e))
		return false;
	return to6 == e->v6 || icmp_meaning_map(to6, &e->meaning);
}

static bool judge(const struct worker *w, const struct packet *p, struct error *e,
		  enum drop_reason *why)
{
	const struct flow_table *t = w->flows;

	*why = DROP_CHECKSUM;
	if (!packet_icmp_good(p))
		return false;
	*why = DROP_ICMP_IGNORED;
	if (e->slot == TUPLE_NO_SLOT ||
	    relaxed_load(flow_state_of(t, e->slot)) == FLOW_SUPERSEDED ||
	    e->length < e->header + QUOTED_TCP_MIN ||
	    e->total < e->header + sizeof(struct rte_tcp_hdr))
		return false;
	*why = DROP_ICMP_WINDOW;
	if (!outstanding(t, e))
		return false;
	*why = DROP_ICMP_IGNORED;
	return translate_meaning(&t->lines[e->slot], e);
}

/* --- the packet as its sender had sent it --- */

static void put_header4(const struct error *e, const struct tuple *from, uint32_t total,
			struct rte_ipv4_hdr *ip)
{
	const struct rte_ipv6_hdr *ip6 = (const struct rte_ipv6_hdr *)e->quote;

	if (e->v6) {
		*ip = (struct rte_ipv4_hdr){
			.version_ihl = RTE_IPV4_VHL_DEF,
			.type_of_service = (uint8_t)(rte_be_to_cpu_32(ip6->vtc_flow) >> 20),
			.fragment_offset = RTE_BE16(RTE_IPV4_HDR_DF_FLAG),
			.time_to_live = ip6->hop_limits,
			.next_proto_id = IPPROTO_TCP,
		};
	} else {
		memcpy(ip, e->quote, e->header);
	}
	ip->total_length = rte_cpu_to_be_16((uint16_t)total);
	ip->src_addr = from->ends.peer_addr;
	ip->dst_addr = from->ends.relay_addr;
	ip->hdr_checksum = 0;
	ip->hdr_checksum = (uint16_t)~rte_raw_cksum(ip, rte_ipv4_hdr_len(ip));
}

static void put_header6(const struct error *e, const struct tuple *from, uint32_t total,
			struct rte_ipv6_hdr *ip6)
{
	const struct rte_ipv4_hdr *ip = (const struct rte_ipv4_hdr *)e->quote;

	if (e->v6) {
		memcpy(ip6, e->quote, e->header);
	} else {
		ip6->vtc_flow =
			rte_cpu_to_be_32(UINT32_C(6) << 28 | (uint32_t)ip->type_of_service << 20);
		ip6->proto = IPPROTO_TCP;
		ip6->hop_limits = ip->time_to_live;
	}
	ip6->payload_len = rte_cpu_to_be_16((uint16_t)(total - sizeof(*ip6)));
	memcpy(ip6->src_addr, &from->wide.peer, sizeof(ip6->src_addr));
	memcpy(ip6->dst_addr, &from->wide.relay, sizeof(ip6->dst_addr));
}

/* Undo a shift; returns the change for the checksum. */
static uint64_t unshift(rte_be32_t *to, rte_be32_t from, uint32_t delta)
{
	*to = rte_cpu_to_be_32(rte_be_to_cpu_32(from) - delta);
	return csum_change32(from, *to);
}

/* Undo in the first `n` bytes of a TCP header, at least QUOTED_TCP_MIN, what the splice did. */
static void put_tcp(const struct flow_line *line, const struct tuple *from, struct rte_tcp_hdr *tcp,
		    uint32_t n)
{
	uint64_t change = (uint16_t)~line->tcp_csum_delta;
	rte_be32_t number;

	tcp->src_port = from->ends.peer_port;
	tcp->dst_port = from->ends.relay_port;
	change += unshift(&number, tcp->sent_seq, line->seq_delta);
	tcp->sent_seq = number;
	if (n > offsetof(struct rte_tcp_hdr, tcp_flags) && tcp->tcp_flags & RTE_TCP_ACK_FLAG) {
		change += unshift(&number, tcp->recv_ack, line->ack_delta);
		tcp->recv_ack = number;
	}
	if (n >= offsetof(struct rte_tcp_hdr, cksum) + sizeof(tcp->cksum))
		tcp->cksum = csum_update(tcp->cksum, change);
}

/* Put the packet at `at`, where there is room for so many bytes; returns how many it took. */
static uint32_t put_quote(const struct flow_line *line, const struct error *e,
			  const struct tuple *from, uint8_t *at, uint32_t room)
{
	uint32_t total = e->total - (uint32_t)splice_growth(line), header, n;

	if (from->v6) {
		put_header6(e, from, total, (struct rte_ipv6_hdr *)at);
		header = sizeof(struct rte_ipv6_hdr);
	} else {
		put_header4(e, from, total, (struct rte_ipv4_hdr *)at);
		header = rte_ipv4_hdr_len((struct rte_ipv4_hdr *)at);
	}
	n = RTE_MIN(e->length - e->header, RTE_MIN(room, total) - header);
	memcpy(at + header, quoted_tcp(e), n);
	put_tcp(line, from, (struct rte_tcp_hdr *)(at + header), n);
	return header + n;
}

/* --- what goes out --- */

/* Room for the quote in an error for `to`. */
static uint32_t quote_room(const struct tuple *to)
{
	uint32_t longest = to->v6 ? ERROR_MAX6 : ERROR_MAX4;

	return longest + (uint32_t)sizeof(struct rte_ether_hdr) - reply_headers(to) -
	       (uint32_t)sizeof(struct icmp_header);
}

/* Send `e`, whose meaning is the receiver's already, in the empty mbuf `m` to whom it concerns. */
static void send_error(struct worker *w, const struct error *e, struct rte_mbuf *m)
{
	const struct tuple to = flow_table_key(w->flows, e->slot);
	const uint64_t hop = relaxed_load(&w->flows->tracks[e->slot ^ 1].next_hop);
	unsigned int port = next_hop_port(hop);
	const struct rte_ipv6_hdr *ip6 =
		rte_pktmbuf_mtod_offset(m, struct rte_ipv6_hdr *, sizeof(struct rte_ether_hdr));
	struct icmp_header *icmp =
		rte_pktmbuf_mtod_offset(m, struct icmp_header *, reply_headers(&to));
	uint32_t length = (uint32_t)sizeof(*icmp);
	uint64_t sum;

	length += put_quote(&w->flows->lines[e->slot], e, &to, (uint8_t *)(icmp + 1),
			    quote_room(&to));
	icmp->type = e->meaning.type;
	icmp->code = e->meaning.code;
	icmp->checksum = 0;
	icmp->word = rte_cpu_to_be_32(icmp_meaning_word(to.v6, &e->meaning));
	reply_put_headers(m, &to, hop, &w->ports[port].mac, to.v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP,
			  (uint16_t)length);
	sum = rte_raw_cksum(icmp, length);
	if (to.v6)
		sum += rte_ipv6_phdr_cksum(ip6, 0);
	icmp->checksum = (uint16_t)~csum_fold(sum);
	output_frame(w, port, m);
}

/* An mbuf for an error, when there may be one more. */
static struct rte_mbuf *error_mbuf(struct worker *w, enum drop_reason *why)
{
	*why = DROP_RATE;
	if (!rate_limit_take(&w->errors, w->now_ms))
		return NULL;
	*why = DROP_NO_BUFFER;
	return rte_pktmbuf_alloc(w->pool);
}

static bool pass_on(struct worker *w, const struct packet *p, struct error *e,
		    enum drop_reason *why)
{
	struct rte_mbuf *m;

	if (!judge(w, p, e, why))
		return false;
	m = error_mbuf(w, why);
	if (m == NULL)
		return false;
	send_error(w, e, m);
	relaxed_add(&w->stats->icmp_errors[ICMP_ERROR_TRANSLATED], 1);
	return true;
}

void icmp_input(struct worker *w, struct packet *p)
{
	uint8_t copy[ERROR_MAX6];
	enum drop_reason why;
	struct error e;

	if (!read_error(&e, p, copy)) {
		exception_to_kernel(w, p->port, p->m);
		return;
	}
	find_direction(w->flows, &e);
	if (e.slot == TUPLE_NO_SLOT && !listen_is_ours(&w->listener, &e.sent_to))
		exception_to_kernel(w, p->port, p->m);
	else if (pass_on(w, p, &e, &why))
		rte_pktmbuf_free(p->m);
	else
		worker_drop(w, p->m, why);
}

/* --- the relay's own --- */

/* What IPv4 allowed before it became IPv6 is not known any more; nearly nobody does for TCP. And
 * what was IPv6 is told whatever it may undergo as IPv4. */
static bool may_be_told(const struct flow_line *line, const struct packet *p)
{
	return line->flags & FLOW_KEY6 || p->key.v6 ||
	       p->ip->fragment_offset & RTE_BE16(RTE_IPV4_HDR_DF_FLAG);
}

static void tell_too_big(struct worker *w, uint32_t slot, const struct packet *p, uint32_t mtu)
{
	const struct flow_line *line = &w->flows->lines[slot];
	const bool to6 = line->flags & FLOW_KEY6;
	uint8_t copy[ERROR_MAX6];
	struct error e = {
		.meaning = {.type = to6 ? ICMP6_PACKET_TOO_BIG : ICMP_DEST_UNREACH,
			    .code = to6 ? 0 : ICMP_FRAG_NEEDED,
			    .detail = ICMP_DETAIL_MTU,
			    .value = mtu_before(line, mtu)},
		.v6 = p->key.v6,
		.total = packet_ip_length(p),
		.header = packet_ip_length(p) - p->tcp_header - p->payload,
		.slot = slot,
	};
	enum drop_reason why;
	struct rte_mbuf *m = error_mbuf(w, &why);

	if (m == NULL)
		return;
	e.length = RTE_MIN(e.total, (uint32_t)sizeof(copy));
	e.quote = rte_pktmbuf_read(p->m, sizeof(*p->eth), e.length, copy);
	send_error(w, &e, m);
	relaxed_add(&w->stats->icmp_errors[ICMP_ERROR_TOO_BIG], 1);
}

void icmp_too_big(struct worker *w, uint32_t slot, struct packet *p, uint32_t mtu)
{
	if (may_be_told(&w->flows->lines[slot], p))
		tell_too_big(w, slot, p, mtu);
	worker_drop(w, p->m, DROP_TOO_BIG);
}
