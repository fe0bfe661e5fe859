/* Where this process may connect to: addresses judged in their binary form. */

#include "common/io/egress.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "common/base/check.h"

typedef struct Address {
    uint8_t bytes[16]; /* IPv4 as ::ffff:a.b.c.d */
} Address;

#define MAPPED 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
#define V4(a, b, c, d, bits)                                                                       \
    { {MAPPED, a, b, c, d}, 96 + (bits) }

/* The special-purpose ranges of IPv4: IANA's registry, multicast, and what is reserved. */
static const EgressRange special_v4[] = {
    V4(0, 0, 0, 0, 8),      V4(10, 0, 0, 0, 8),     V4(100, 64, 0, 0, 10), V4(127, 0, 0, 0, 8),
    V4(169, 254, 0, 0, 16), V4(172, 16, 0, 0, 12),  V4(192, 0, 0, 0, 24),  V4(192, 0, 2, 0, 24),
    V4(192, 88, 99, 0, 24), V4(192, 168, 0, 0, 16), V4(198, 18, 0, 0, 15), V4(198, 51, 100, 0, 24),
    V4(203, 0, 113, 0, 24), V4(224, 0, 0, 0, 4),    V4(240, 0, 0, 0, 4),
};

/* Global unicast of IPv6, and what of it is not global or carries another address. */
static const EgressRange global_v6 = {{0x20}, 3};
static const EgressRange special_v6[] = {
    {{0x20, 0x01},             23}, /* protocols of the IETF, Teredo */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02},             16}, /* 6to4 */
    {{0x3f, 0xff},             20}, /* documentation */
};

static const EgressRange mapped = {{MAPPED}, 96};
static const EgressRange nat64 = {
    {0x00, 0x64, 0xff, 0x9b},
    96
};

static bool range_holds(const EgressRange *range, Address address) {
    uint32_t whole = range->bits / 8, rest = range->bits % 8;
    uint8_t mask = (uint8_t)(0xff00u >> rest);

    CHECK(range->bits <= 128);
    if (memcmp(range->address, address.bytes, whole) != 0)
        return false;
    return !rest || ((range->address[whole] ^ address.bytes[whole]) & mask) == 0;
}

static bool ranges_hold(const EgressRange *ranges, uint32_t count, Address address) {
    for (uint32_t i = 0; i < count; i++)
        if (range_holds(&ranges[i], address))
            return true;
    return false;
}

static Address address_v4(const void *four) {
    Address address = {.bytes = {MAPPED}};

    memcpy(address.bytes + 12, four, 4);
    return address;
}

static bool is_global(Address address) {
    if (range_holds(&mapped, address))
        return !ranges_hold(special_v4, ARRAY_SIZE(special_v4), address);
    return range_holds(&global_v6, address) &&
           !ranges_hold(special_v6, ARRAY_SIZE(special_v6), address);
}

static bool allows(const EgressPolicy *policy, Address address) {
    Address plain = range_holds(&nat64, address) ? address_v4(address.bytes + 12) : address;

    if (ranges_hold(policy->deny, policy->deny_count, address) ||
        ranges_hold(policy->deny, policy->deny_count, plain))
        return false;
    return ranges_hold(policy->allow, policy->allow_count, plain) || is_global(plain);
}

bool egress_allows_address(const EgressPolicy *policy, const struct sockaddr *address) {
    Address judged;

    if (address->sa_family == AF_INET) {
        judged = address_v4(&((const struct sockaddr_in *)address)->sin_addr);
    } else if (address->sa_family == AF_INET6) {
        memcpy(judged.bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
    } else {
        return false;
    }
    return allows(policy, judged);
}

static bool address_read(const char *text, Address *ret_address) {
    Address address;

    if (inet_pton(AF_INET6, text, address.bytes) == 1) {
        *ret_address = address;
        return true;
    }
    if (inet_pton(AF_INET, text, address.bytes) != 1)
        return false;
    *ret_address = address_v4(address.bytes);
    return true;
}

bool egress_allows_text(const EgressPolicy *policy, const char *address) {
    Address judged;

    return address_read(address, &judged) && allows(policy, judged);
}

bool egress_allows_port(const EgressPolicy *policy, uint32_t port) {
    if (port == 0 || port > 65535)
        return false;
    for (uint32_t i = 0; i < policy->port_count; i++)
        if (port >= policy->ports[i].low && port <= policy->ports[i].high)
            return true;
    return policy->port_count == 0;
}

static int range_read(Str entry, EgressRange *ret_range) {
    char text[INET6_ADDRSTRLEN] = {0};
    Str bits_text = entry;
    Str address_text = str_split(&bits_text, '/');
    int64_t bits = 128, offset;
    Address address;

    if (address_text.length >= sizeof text)
        return EGRESS_E_RANGE;
    memcpy(text, address_text.data, address_text.length);
    if (!address_read(text, &address))
        return EGRESS_E_RANGE;

    offset = str_find_char(address_text, ':') < 0 ? 96 : 0;
    if (bits_text.data && !str_to_int64(bits_text, 0, 128 - offset, &bits))
        return EGRESS_E_RANGE;
    if (bits_text.data)
        bits += offset;
    memcpy(ret_range->address, address.bytes, 16);
    ret_range->bits = (uint32_t)bits;
    return 0;
}

static int ports_read(Str entry, EgressPorts *ret_ports) {
    Str rest = entry;
    Str first = str_trim(str_split(&rest, '-'));
    int64_t low, high;

    if (!str_to_int64(first, 1, 65535, &low))
        return EGRESS_E_PORT;
    high = low;
    if (rest.data && !str_to_int64(str_trim(rest), low, 65535, &high))
        return EGRESS_E_PORT;
    *ret_ports = (EgressPorts){.low = (uint16_t)low, .high = (uint16_t)high};
    return 0;
}

/* The entries of a comma-separated list; empty ones do not count. */
static int list_read(Arena *arena, Str list, Str **ret_entries, uint32_t *ret_count) {
    Str *entries = arena_alloc(arena, EGRESS_RULES_MAX * sizeof *entries);
    uint32_t count = 0;

    while (list.data) {
        Str entry = str_trim(str_split(&list, ','));

        if (entry.length == 0)
            continue;
        if (count == EGRESS_RULES_MAX)
            return EGRESS_E_MANY;
        entries[count++] = entry;
    }
    *ret_entries = entries;
    *ret_count = count;
    return 0;
}

typedef struct RangeList {
    EgressRange *ranges;
    uint32_t count;
} RangeList;

static int ranges_read(Arena *arena, Str list, RangeList *ret_list, Str *ret_bad) {
    uint32_t count;
    Str *entries;
    int r;

    r = list_read(arena, list, &entries, &count);
    if (r) {
        *ret_bad = list;
        return r;
    }
    ret_list->ranges = arena_zero(arena, (count + 1) * sizeof *ret_list->ranges);
    ret_list->count = count;
    for (uint32_t i = 0; i < count; i++) {
        r = range_read(entries[i], &ret_list->ranges[i]);
        if (r) {
            *ret_bad = entries[i];
            return r;
        }
    }
    return 0;
}

static int all_ports_read(Arena *arena, Str list, EgressPolicy *policy, Str *ret_bad) {
    EgressPorts *ports;
    uint32_t count;
    Str *entries;
    int r;

    r = list_read(arena, list, &entries, &count);
    if (r) {
        *ret_bad = list;
        return r;
    }
    ports = arena_zero(arena, (count + 1) * sizeof *ports);
    for (uint32_t i = 0; i < count; i++) {
        r = ports_read(entries[i], &ports[i]);
        if (r) {
            *ret_bad = entries[i];
            return r;
        }
    }
    policy->ports = ports;
    policy->port_count = count;
    return 0;
}

int egress_policy_read(Arena *arena, const EgressText *text, EgressPolicy *ret_policy,
                       Str *ret_bad) {
    EgressPolicy policy = {0};
    RangeList allow = {0}, deny = {0};
    int r;

    r = ranges_read(arena, text->allow, &allow, ret_bad);
    if (r == 0)
        r = ranges_read(arena, text->deny, &deny, ret_bad);
    if (r == 0)
        r = all_ports_read(arena, text->ports, &policy, ret_bad);
    if (r)
        return r;
    policy.allow = allow.ranges;
    policy.allow_count = allow.count;
    policy.deny = deny.ranges;
    policy.deny_count = deny.count;
    *ret_policy = policy;
    return 0;
}
