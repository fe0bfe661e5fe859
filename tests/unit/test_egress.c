/* Where this process may connect to. */

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "common/base/buf.h"
#include "common/io/egress.h"

static const EgressPolicy open_policy;

static EgressPolicy policy_of(Arena *arena, const char *allow, const char *deny,
                              const char *ports) {
    EgressText text = {.allow = str_of(allow), .deny = str_of(deny), .ports = str_of(ports)};
    EgressPolicy policy = {0};
    Str bad = STR_NONE;

    cr_assert_eq(egress_policy_read(arena, &text, &policy, &bad), 0, "%.*s", STR_ARGS(bad));
    return policy;
}

static int refusal_of(const char *allow, const char *deny, const char *ports, Str *ret_bad) {
    _cleanup_(arena_done) Arena arena = {0};
    EgressText text = {.allow = str_of(allow), .deny = str_of(deny), .ports = str_of(ports)};
    EgressPolicy policy = {.port_count = 77};
    int r = egress_policy_read(&arena, &text, &policy, ret_bad);

    cr_expect_eq(policy.port_count, 77, "a refusal writes no policy");
    return r;
}

Test(egress, what_is_global_and_unicast_is_allowed) {
    static const char *const addresses[] = {
        "1.1.1.1",          "8.8.8.8",         "93.184.216.34",   "9.255.255.255",
        "11.0.0.0",         "100.63.255.255",  "100.128.0.0",     "126.255.255.255",
        "128.0.0.0",        "169.253.255.255", "169.255.0.0",     "172.15.255.255",
        "172.32.0.0",       "191.255.255.255", "192.0.1.0",       "192.0.3.0",
        "192.88.98.255",    "192.88.100.0",    "192.167.255.255", "192.169.0.0",
        "198.17.255.255",   "198.20.0.0",      "198.51.99.255",   "198.51.101.0",
        "203.0.112.255",    "203.0.114.0",     "223.255.255.255", "2606:2800:220:1::1",
        "2000::1",          "2001:200::1",     "2001:db7::1",     "2001:db9::1",
        "2003::1",          "2a00:1450::1",    "3ffe::1",         "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
    };

    for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
        cr_expect(egress_allows_text(&open_policy, addresses[i]), "%s", addresses[i]);
}

Test(egress, what_is_special_is_denied_in_every_spelling) {
    static const char *const addresses[] = {
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "192.168.255.255",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::8.8.8.8",
        "100::1",
        "1fff::1",
        "2001::1",
        "2001:0:53aa:64c::1",
        "2001:20::1",
        "2001:1ff::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    };

    for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
        cr_expect_not(egress_allows_text(&open_policy, addresses[i]), "%s", addresses[i]);
}

Test(egress, what_is_no_address_is_denied) {
    static const char *const texts[] = {"",    "localhost", "1.2.3", "0x7f.1",       "1.2.3.4.5",
                                        "::g", "8.8.8.8 ",  "[::1]", "fe80::1%eth0", "2130706433"};

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        cr_expect_not(egress_allows_text(&open_policy, texts[i]), "%s", texts[i]);
}

Test(egress, socket_addresses_are_judged_like_texts) {
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct sockaddr_un local = {.sun_family = AF_UNIX};

    inet_pton(AF_INET, "8.8.8.8", &v4.sin_addr);
    cr_expect(egress_allows_address(&open_policy, (struct sockaddr *)&v4));
    inet_pton(AF_INET, "127.0.0.1", &v4.sin_addr);
    cr_expect_not(egress_allows_address(&open_policy, (struct sockaddr *)&v4));
    inet_pton(AF_INET6, "2606:2800::1", &v6.sin6_addr);
    cr_expect(egress_allows_address(&open_policy, (struct sockaddr *)&v6));
    inet_pton(AF_INET6, "::ffff:7f00:1", &v6.sin6_addr);
    cr_expect_not(egress_allows_address(&open_policy, (struct sockaddr *)&v6));
    cr_expect_not(egress_allows_address(&open_policy, (struct sockaddr *)&local));
}

Test(egress, an_allowed_range_opens_what_it_names_and_nothing_else) {
    _cleanup_(arena_done) Arena arena = {0};
    EgressPolicy policy = policy_of(&arena, " 10.1.0.0/16, 127.0.0.1 ,,fd00::/8", "", "");

    cr_expect(egress_allows_text(&policy, "10.1.2.3"));
    cr_expect(egress_allows_text(&policy, "::ffff:10.1.2.3"));
    cr_expect(egress_allows_text(&policy, "127.0.0.1"));
    cr_expect(egress_allows_text(&policy, "fd12::1"));
    cr_expect(egress_allows_text(&policy, "8.8.8.8"));
    cr_expect_not(egress_allows_text(&policy, "10.2.0.0"));
    cr_expect_not(egress_allows_text(&policy, "127.0.0.2"));
    cr_expect_not(egress_allows_text(&policy, "fc00::1"));
}

Test(egress, a_denied_range_goes_before_everything) {
    _cleanup_(arena_done) Arena arena = {0};
    EgressPolicy policy = policy_of(&arena, "10.0.0.0/8", "10.9.0.0/16,8.8.8.0/24,::/0", "");

    cr_expect_not(egress_allows_text(&policy, "10.1.2.3"), "::/0 holds IPv4 too");
    policy = policy_of(&arena, "10.0.0.0/8", "10.9.0.0/16,8.8.8.0/24,2a00::/16", "");
    cr_expect(egress_allows_text(&policy, "10.1.2.3"));
    cr_expect_not(egress_allows_text(&policy, "10.9.0.1"));
    cr_expect_not(egress_allows_text(&policy, "8.8.8.8"));
    cr_expect_not(egress_allows_text(&policy, "64:ff9b::8.8.8.8"));
    cr_expect_not(egress_allows_text(&policy, "::ffff:8.8.8.8"));
    cr_expect_not(egress_allows_text(&policy, "2a00::1"));
    cr_expect(egress_allows_text(&policy, "8.8.4.4"));
}

Test(egress, all_of_ipv4_can_be_denied_alone) {
    _cleanup_(arena_done) Arena arena = {0};
    EgressPolicy policy = policy_of(&arena, "", "0.0.0.0/0", "");

    cr_expect_not(egress_allows_text(&policy, "8.8.8.8"));
    cr_expect(egress_allows_text(&policy, "2606:2800::1"));
}

Test(egress, ports_are_those_of_the_list) {
    _cleanup_(arena_done) Arena arena = {0};
    EgressPolicy policy = policy_of(&arena, "", "", "443, 8000-8002");

    cr_expect(egress_allows_port(&policy, 443));
    cr_expect(egress_allows_port(&policy, 8000));
    cr_expect(egress_allows_port(&policy, 8002));
    cr_expect_not(egress_allows_port(&policy, 80));
    cr_expect_not(egress_allows_port(&policy, 8003));
    cr_expect_not(egress_allows_port(&policy, 0));
    cr_expect(egress_allows_port(&open_policy, 25));
    cr_expect_not(egress_allows_port(&open_policy, 65536));
}

Test(egress, a_bad_entry_is_refused_by_name) {
    static const char *const ranges[] = {"10.0.0.0/33", "10.0.0/8",   "::/129",    "host",
                                         "10.0.0.0/",   "1.2.3.4/-1", "1.2.3.4/x", "10.0.0.0/8/8"};
    static const char *const ports[] = {"0", "65536", "80-", "-80", "90-80", "x", "80-65536"};
    Str bad = STR_NONE;

    for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
        cr_expect_eq(refusal_of(ranges[i], "", "", &bad), EGRESS_E_RANGE, "%s", ranges[i]);
        cr_expect(str_is(bad, ranges[i]));
        cr_expect_eq(refusal_of("", ranges[i], "", &bad), EGRESS_E_RANGE, "%s", ranges[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
        cr_expect_eq(refusal_of("", "", ports[i], &bad), EGRESS_E_PORT, "%s", ports[i]);
        cr_expect(str_is(bad, ports[i]));
    }
    cr_expect_eq(refusal_of("1.1.1.1", "10.0.0.0/8,nope", "", &bad), EGRESS_E_RANGE);
    cr_expect(str_is(bad, "nope"));
}

Test(egress, more_entries_than_the_limit_are_refused) {
    _cleanup_(buf_done) Buf list = {0};
    Str bad;

    for (int i = 0; i < EGRESS_RULES_MAX; i++)
        buf_add_text(&list, "10.0.0.1,");
    cr_expect_eq(refusal_of(list.data, "", "0", &bad), EGRESS_E_PORT);
    buf_add_text(&list, "10.0.0.1");
    cr_expect_eq(refusal_of(list.data, "", "", &bad), EGRESS_E_MANY);
}
