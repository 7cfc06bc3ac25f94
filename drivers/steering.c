/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "rss.h"
#include "steering.h"

#define MAX_ITEMS 5 /* Ethernet, VLAN, IP, TCP, end */

enum priority { SERVICE_FIRST, REST };

/* One rule, with all that it points to. */
struct rule {
	struct rte_flow_attr attr;
	struct rte_flow_item items[MAX_ITEMS];
	struct rte_flow_action actions[2];
	struct rte_flow_item_vlan vlan;
	struct rte_flow_item_ipv4 ipv4;
	struct rte_flow_item_ipv6 ipv6, ipv6_mask;
	struct rte_flow_item_tcp tcp, tcp_mask;
	struct rte_flow_action_queue queue;
	struct rte_flow_action_rss rss;
	uint16_t queues[CONFIG_MAX_QUEUES];
};

static const struct rte_flow_item_vlan vlan_mask = {.tci = RTE_BE16(0x0fff)};
static const struct rte_flow_item_ipv4 ipv4_mask = {.hdr.dst_addr = RTE_BE32(0xffffffff)};

/* A whole of TCP ports: those that are `port` under the mask. */
struct port_block {
	uint16_t port, mask;
};

/* --- what is asked for --- */

static void add_ip(struct rule *r, struct rte_flow_item *item, const struct config_address *to)
{
	if (IN6_IS_ADDR_V4MAPPED(&to->addr)) {
		memcpy(&r->ipv4.hdr.dst_addr, &to->addr.s6_addr[12], sizeof(r->ipv4.hdr.dst_addr));
		*item = (struct rte_flow_item){
			.type = RTE_FLOW_ITEM_TYPE_IPV4, .spec = &r->ipv4, .mask = &ipv4_mask};
	} else {
		memcpy(r->ipv6.hdr.dst_addr, &to->addr, sizeof(r->ipv6.hdr.dst_addr));
		for (unsigned int bit = 0; bit < to->prefix_len; bit++)
			r->ipv6_mask.hdr.dst_addr[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
		*item = (struct rte_flow_item){
			.type = RTE_FLOW_ITEM_TYPE_IPV6, .spec = &r->ipv6, .mask = &r->ipv6_mask};
	}
}

/* Everything on the wire, or everything with the tag: what the rest of a pattern narrows down. */
static unsigned int add_frame(struct rule *r, const struct steering_target *target)
{
	unsigned int n = 0;

	r->items[n++].type = RTE_FLOW_ITEM_TYPE_ETH;
	if (target->vlan != 0) {
		r->vlan.tci = rte_cpu_to_be_16(target->vlan);
		r->items[n++] = (struct rte_flow_item){
			.type = RTE_FLOW_ITEM_TYPE_VLAN, .spec = &r->vlan, .mask = &vlan_mask};
	}
	return n;
}

static void act_queue(struct rule *r, uint16_t queue)
{
	r->queue.index = queue;
	r->actions[0] =
		(struct rte_flow_action){.type = RTE_FLOW_ACTION_TYPE_QUEUE, .conf = &r->queue};
	r->actions[1].type = RTE_FLOW_ACTION_TYPE_END;
}

static void act_spread(struct rule *r, const struct steering_target *target)
{
	uint16_t i;

	if (target->queues == 1) {
		act_queue(r, 0);
		return;
	}
	for (i = 0; i < target->queues; i++)
		r->queues[i] = i;
	r->rss = (struct rte_flow_action_rss){
		.func = RTE_ETH_HASH_FUNCTION_DEFAULT,
		.types = (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP) & target->rss_types,
		.key_len = target->rss_key_bytes,
		.key = rss_symmetric_key,
		.queue_num = target->queues,
		.queue = r->queues,
	};
	r->actions[0] = (struct rte_flow_action){.type = RTE_FLOW_ACTION_TYPE_RSS, .conf = &r->rss};
	r->actions[1].type = RTE_FLOW_ACTION_TYPE_END;
}

/* TCP to `to`; of IPv6 to all of its prefix. */
static void write_service(struct rule *r, const struct steering_target *target,
			  const struct config_address *to, const struct port_block *ports)
{
	unsigned int n;

	memset(r, 0, sizeof(*r));
	r->attr = (struct rte_flow_attr){.ingress = 1, .priority = SERVICE_FIRST};
	n = add_frame(r, target);
	add_ip(r, &r->items[n++], to);
	r->tcp.hdr.dst_port = rte_cpu_to_be_16(ports->port);
	r->tcp_mask.hdr.dst_port = rte_cpu_to_be_16(ports->mask);
	r->items[n++] = (struct rte_flow_item){
		.type = RTE_FLOW_ITEM_TYPE_TCP, .spec = &r->tcp, .mask = &r->tcp_mask};
	r->items[n].type = RTE_FLOW_ITEM_TYPE_END;
	act_spread(r, target);
}

static void write_rest(struct rule *r, const struct steering_target *target)
{
	memset(r, 0, sizeof(*r));
	r->attr = (struct rte_flow_attr){.ingress = 1, .priority = REST};
	r->items[0].type = RTE_FLOW_ITEM_TYPE_ETH;
	r->items[1].type = RTE_FLOW_ITEM_TYPE_END;
	act_queue(r, target->queues);
}

/* --- all of it --- */

typedef int (*rule_use)(void *ctx, uint16_t port_id, const struct rule *r,
			struct rte_flow_error *error);

/* The rules one after the other, until one fails. */
struct user {
	const struct steering_target *target;
	rule_use use;
	void *ctx;
	struct rte_flow_error error;
};

static int use_service(struct user *u, const struct config_address *to,
		       const struct port_block *ports)
{
	struct rule r;

	write_service(&r, u->target, to, ports);
	return u->use(u->ctx, u->target->port_id, &r, &u->error);
}

/* Few drivers know ranges, more know masks. */
static unsigned int split_range(const struct config_range *range, struct port_block *blocks)
{
	unsigned int first = range->first, size, n = 0;

	for (; first <= range->last; first += size) {
		size = 1;
		while (first % (2 * size) == 0 && first + 2 * size - 1 <= range->last)
			size *= 2;
		blocks[n++] = (struct port_block){(uint16_t)first, (uint16_t) ~(size - 1)};
	}
	return n;
}

/* The TCP ports of the services that are on. */
static unsigned int service_ports(const struct config *cfg, bool v4,
				  struct port_block blocks[STEERING_SERVICES])
{
	unsigned int n = 0;

	if (cfg->endpoint.enabled)
		blocks[n++] = (struct port_block){cfg->endpoint.port, UINT16_MAX};
	if (cfg->socks5.enabled)
		blocks[n++] = (struct port_block){cfg->socks5.port, UINT16_MAX};
	if (cfg->rendezvous.enabled && v4)
		n += split_range(&cfg->rendezvous.ports, &blocks[n]);
	return n;
}

static int use_address(struct user *u, const struct config *cfg, const struct in6_addr *addr)
{
	const struct config_address to = {.addr = *addr, .prefix_len = 128};
	struct port_block blocks[STEERING_SERVICES];
	unsigned int i, n = service_ports(cfg, IN6_IS_ADDR_V4MAPPED(addr), blocks);
	int rc = 0;

	for (i = 0; i < n && rc == 0; i++)
		rc = use_service(u, &to, &blocks[i]);
	return rc;
}

/* The service addresses are the appliance's: each may be asked for on any port. */
static int use_services(struct user *u, const struct config *cfg)
{
	const struct port_block endpoint = {cfg->endpoint.port, UINT16_MAX};
	unsigned int port, i;
	int rc = 0;

	for (port = 0; port < cfg->n_ports; port++) {
		for (i = 0; i < cfg->ports[port].n_addresses && rc == 0; i++)
			rc = use_address(u, cfg, &cfg->ports[port].addresses[i].addr);
	}
	if (rc == 0 && cfg->rendezvous.enabled &&
	    !IN6_IS_ADDR_UNSPECIFIED(&cfg->rendezvous.prefix.addr))
		rc = use_service(u, &cfg->rendezvous.prefix, &endpoint);
	return rc;
}

static int use_all(const struct steering_target *target, const struct config *cfg, rule_use use,
		   void *ctx, const char **why)
{
	struct user u = {target, use, ctx, {.type = RTE_FLOW_ERROR_TYPE_NONE}};
	struct rule r;
	int rc = use_services(&u, cfg);

	if (rc == 0) {
		write_rest(&r, target);
		rc = use(ctx, target->port_id, &r, &u.error);
	}
	*why = rc == 0 ? NULL : u.error.message != NULL ? u.error.message : strerror(-rc);
	return rc;
}

static int validate_rule(void *ctx, uint16_t port_id, const struct rule *r,
			 struct rte_flow_error *error)
{
	(void)ctx;
	return rte_flow_validate(port_id, &r->attr, r->items, r->actions, error);
}

int steering_validate(const struct steering_target *target, const struct config *cfg,
		      const char **why)
{
	return use_all(target, cfg, validate_rule, NULL, why);
}

static int create_rule(void *ctx, uint16_t port_id, const struct rule *r,
		       struct rte_flow_error *error)
{
	struct steering *s = ctx;
	struct rte_flow *flow;

	if (s->n_rules == STEERING_MAX_RULES)
		return -ENOSPC;
	flow = rte_flow_create(port_id, &r->attr, r->items, r->actions, error);
	if (flow == NULL)
		return rte_errno != 0 ? -rte_errno : -EIO;
	s->rules[s->n_rules++] = flow;
	return 0;
}

int steering_start(struct steering *s, const struct steering_target *target,
		   const struct config *cfg, const char **why)
{
	int rc;

	s->port_id = target->port_id;
	s->n_rules = 0;
	rc = use_all(target, cfg, create_rule, s, why);
	if (rc < 0)
		steering_stop(s);
	return rc;
}

void steering_stop(struct steering *s)
{
	struct rte_flow_error error;

	while (s->n_rules > 0)
		rte_flow_destroy(s->port_id, s->rules[--s->n_rules], &error);
}
