#pragma once

/*
 * Egress: where this process may connect to on behalf of a tenant. Addresses are judged in their
 * binary form, at the moment of connecting, so no spelling of them matters.
 *
 * Allowed without a rule is only what is global and unicast. Denied are the IPv4 special-purpose
 * ranges (private, loopback, link-local and the clouds' metadata address, shared, documentation,
 * multicast, reserved …) and of IPv6 everything outside 2000::/3, and inside it what only carries
 * another address or is not global (6to4, Teredo, documentation …). An IPv4 address inside an IPv6
 * one (::ffff:0:0/96, 64:ff9b::/96) is judged as the IPv4 address.
 *
 * The operator's rules go first: what the deny list names is denied, then what the allow list names
 * is allowed, then the above decides.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "common/base/arena.h"
#include "common/base/str.h"

enum {
    EGRESS_E_RANGE = 1, /* not an address or address/bits */
    EGRESS_E_PORT,      /* not a port, nor a range of ports */
    EGRESS_E_MANY,      /* more than EGRESS_RULES_MAX entries in one list */
};

#define EGRESS_RULES_MAX 256

typedef struct EgressRange {
    uint8_t address[16]; /* IPv4 as ::ffff:a.b.c.d */
    uint32_t bits;       /* of the 128 */
} EgressRange;

typedef struct EgressPorts {
    uint16_t low;
    uint16_t high;
} EgressPorts;

/* A zeroed policy allows global addresses on every port. */
typedef struct EgressPolicy {
    const EgressRange *allow;
    const EgressRange *deny;
    const EgressPorts *ports; /* none: every port */
    uint32_t allow_count;
    uint32_t deny_count;
    uint32_t port_count;
} EgressPolicy;

/* Lists as an operator writes them: "10.1.0.0/16, fd00::/8, 127.0.0.1" and "80, 443, 8000-8999". */
typedef struct EgressText {
    Str allow;
    Str deny;
    Str ports;
} EgressText;

/* The policy lives in the arena. On refusal *ret_bad is the entry at fault. */
int egress_policy_read(Arena *arena, const EgressText *text, EgressPolicy *ret_policy,
                       Str *ret_bad);

bool egress_allows_port(const EgressPolicy *policy, uint32_t port);

/* Of IPv4 or IPv6; every other family is denied. The port is not looked at. */
bool egress_allows_address(const EgressPolicy *policy, const struct sockaddr *address);

/* "93.184.216.34" or "2606:2800::1", as the libraries print them; what is neither is denied. */
bool egress_allows_text(const EgressPolicy *policy, const char *address);
