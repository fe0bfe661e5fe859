/* Which id makes two deliveries one. */

#include <criterion/criterion.h>
#include <string.h>

#include "common/base/defs.h"
#include "trigger-gateway/fire/dedupe.h"

static const Field headers[] = {
    {STR("Content-Type"),      STR("application/json")},
    {STR("X-GitHub-Delivery"), STR("72d3162e")        },
    {STR("Webhook-Id"),        STR("msg_1")           },
    {STR("Idempotency-Key"),   STR(" k-1 ")           },
    {STR("X-Id"),              STR("own-1")           },
};
static const Fields all = {headers, ARRAY_SIZE(headers)};

static Json parsed(Arena *arena, const char *text) {
    Json value;

    cr_assert_eq(json_parse(arena, str_of(text), JSON_LIMITS_DEFAULT, &value, NULL), 0);
    return value;
}

static void expect_id(const Delivery *delivery, const char *expected) {
    _cleanup_(arena_done) Arena arena = {0};
    Str id = dedupe_id(delivery, &arena);

    cr_expect(str_is(id, expected), "%.*s: `%.*s`, expected `%s`", STR_ARGS(delivery->scheme),
              STR_ARGS(id), expected);
}

Test(dedupe, each_scheme_has_its_own_id) {
    _cleanup_(arena_done) Arena arena = {0};
    Json body = parsed(&arena, "{\"id\": \"evt_1\", \"event_id\": \"Ev1\"}");

    expect_id(&(Delivery){.scheme = STR("github"), .headers = all, .body = &body}, "72d3162e");
    expect_id(&(Delivery){.scheme = STR("stripe"), .headers = all, .body = &body}, "evt_1");
    expect_id(&(Delivery){.scheme = STR("slack"), .headers = all, .body = &body}, "Ev1");
    expect_id(&(Delivery){.scheme = STR("standard"), .headers = all, .body = &body}, "msg_1");
    expect_id(&(Delivery){.scheme = STR("hmac"), .headers = all, .body = &body}, "k-1");
    expect_id(
        &(Delivery){.scheme = STR("hmac"), .headers = all, .body = &body, .id_header = STR("x-id")},
        "own-1");
    expect_id(&(Delivery){.scheme = STR("none"), .headers = all, .body = &body}, "k-1");
    expect_id(&(Delivery){.scheme = STR(""), .headers = all, .body = &body}, "k-1");
}

Test(dedupe, without_a_signature_the_headers_of_known_senders_count) {
    expect_id(
        &(Delivery){
            .scheme = STR("none"), .headers = {headers, 3}
    },
        "msg_1");
    expect_id(
        &(Delivery){
            .scheme = STR("none"), .headers = {headers, 2}
    },
        "72d3162e");
}

Test(dedupe, a_delivery_without_an_id_has_none) {
    expect_id(
        &(Delivery){
            .scheme = STR("none"), .headers = {headers, 1}
    },
        "");
    expect_id(
        &(Delivery){
            .scheme = STR("github"), .headers = {headers, 1}
    },
        "");
    expect_id(
        &(Delivery){
            .scheme = STR("hmac"), .headers = {headers, 1},
                 .raw = STR("abc")
    },
        "");
}

Test(dedupe, a_header_makes_no_new_event_of_a_signed_request_that_is_repeated) {
    static const Field slack[] = {
        {STR("X-Slack-Request-Timestamp"), STR("1700000000")},
        {STR("Idempotency-Key"),           STR("another")   },
    };
    static const Field later[] = {
        {STR("X-Slack-Request-Timestamp"), STR("1700000001")}
    };
    _cleanup_(arena_done) Arena arena = {0};
    Delivery delivery = {
        .scheme = STR("slack"), .headers = {slack, 1},
             .raw = STR("command=go")
    };
    Str first = dedupe_id(&delivery, &arena);

    cr_expect(str_starts(first, STR("signed:")));
    delivery.headers.count = 2;
    cr_expect(str_equal(first, dedupe_id(&delivery, &arena)));
    delivery.raw = STR("command=stop");
    cr_expect_not(str_equal(first, dedupe_id(&delivery, &arena)));
    delivery.raw = STR("command=go");
    delivery.headers = (Fields){later, 1};
    cr_expect_not(str_equal(first, dedupe_id(&delivery, &arena)));
}

Test(dedupe, a_signed_time_makes_what_is_signed_an_id) {
    static const Field times[] = {
        {STR("X-Time"), STR("1")},
        {STR("X-Time"), STR("2")},
    };
    _cleanup_(arena_done) Arena arena = {0};
    Delivery delivery = {
        .scheme = STR("hmac"),
        .headers = {times, 1},
        .raw = STR("abc"),
        .timestamp_header = STR("x-time")
    };
    Str first = dedupe_id(&delivery, &arena);

    cr_expect(str_starts(first, STR("signed:")));
    delivery.headers.items = times + 1;
    cr_expect_not(str_equal(first, dedupe_id(&delivery, &arena)));
}

Test(dedupe, an_id_that_is_long_or_no_text_is_hashed) {
    _cleanup_(arena_done) Arena arena = {0};
    char letters[DEDUPE_BYTES_MAX + 1];
    Field field = {STR("x-github-delivery"), {0}};
    Delivery delivery = {
        .scheme = STR("github"), .headers = {&field, 1}
    };
    Str id;

    memset(letters, 'a', sizeof letters);
    field.value = str_from(letters, DEDUPE_BYTES_MAX);
    cr_expect(str_equal(dedupe_id(&delivery, &arena), field.value));
    field.value = str_from(letters, DEDUPE_BYTES_MAX + 1);
    id = dedupe_id(&delivery, &arena);
    cr_expect(str_starts(id, STR("sha256:")));
    cr_expect_eq(id.length, 7 + 64);
    field.value = STR("caf\xe9");
    cr_expect(str_starts(dedupe_id(&delivery, &arena), STR("sha256:")));
    field.value = str_from("a\0b", 3);
    cr_expect(str_starts(dedupe_id(&delivery, &arena), STR("sha256:")));
}

Test(dedupe, an_id_of_the_body_must_be_a_text) {
    _cleanup_(arena_done) Arena arena = {0};
    Json body = parsed(&arena, "{\"id\": 7}");

    cr_expect(str_starts(
        dedupe_id(&(Delivery){.scheme = STR("stripe"), .headers = all, .body = &body}, &arena),
        STR("signed:")));
}
