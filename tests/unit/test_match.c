/* Which triggers an event concerns. */

#include <criterion/criterion.h>

#include "common/base/defs.h"
#include "trigger-gateway/fire/match.h"

static const EventRecord record = {.topic = STR("orders"), .timestamp_ms = 1774746000000};

static CloudEvent event_of(Arena *arena, const char *data) {
    CloudEvent event = {.id = STR("1"),
                        .source = STR("/shop"),
                        .type = STR("com.example.order.created"),
                        .subject = STR("eu")};

    cr_assert_eq(json_parse(arena, str_of(data), JSON_LIMITS_DEFAULT, &event.value, NULL), 0);
    return event;
}

static MatchVerdict verdict(const EventRule *rule) {
    _cleanup_(arena_done) Arena arena = {0};
    CloudEvent event = event_of(&arena, "{\"data\": {\"total\": 12}}");

    return match_event(rule, &record, &event, &arena);
}

static MatchVerdict filtered(const char *program) {
    _cleanup_(expr_free_p) Expr *filter = NULL;
    EventRule rule = {.type = STR("*")};
    ExprMistake mistake;

    cr_assert_eq(expr_compile(str_of(program), NULL, 0, &filter, &mistake), 0, "%s",
                 mistake.message);
    rule.filter = filter;
    return verdict(&rule);
}

Test(match, the_type_must_be_the_same_or_begin_with_the_prefix) {
    cr_expect_eq(verdict(&(EventRule){.type = STR("com.example.order.created")}), MATCH_YES);
    cr_expect_eq(verdict(&(EventRule){.type = STR("com.example.order.*")}), MATCH_YES);
    cr_expect_eq(verdict(&(EventRule){.type = STR("*")}), MATCH_YES);
    cr_expect_eq(verdict(&(EventRule){.type = STR("com.example.order")}), MATCH_NO);
    cr_expect_eq(verdict(&(EventRule){.type = STR("com.example.order.created.v2")}), MATCH_NO);
    cr_expect_eq(verdict(&(EventRule){.type = STR("com.Example.*")}), MATCH_NO);
    cr_expect_eq(verdict(&(EventRule){.type = STR("")}), MATCH_NO);
}

Test(match, every_part_that_is_named_must_fit) {
    EventRule rule = {
        .type = STR("*"), .topic = STR("orders"), .source = STR("/shop"), .subject = STR("eu")};

    cr_expect_eq(verdict(&rule), MATCH_YES);
    rule.topic = STR("payments");
    cr_expect_eq(verdict(&rule), MATCH_NO);
    rule.topic = STR_NONE;
    rule.source = STR("/shop2");
    cr_expect_eq(verdict(&rule), MATCH_NO);
    rule.source = STR_NONE;
    rule.subject = STR("us");
    cr_expect_eq(verdict(&rule), MATCH_NO);
}

Test(match, the_filter_sees_the_event) {
    cr_expect_eq(filtered(".data.total > 10"), MATCH_YES);
    cr_expect_eq(filtered(".data.total > 100"), MATCH_NO);
}

Test(match, a_filter_that_fails_is_told) {
    cr_expect_eq(filtered(".data.total"), MATCH_BROKEN);
    cr_expect_eq(filtered("error(\"no\")"), MATCH_BROKEN);
    cr_expect_eq(filtered("empty"), MATCH_BROKEN);
    cr_expect_eq(filtered("true, true"), MATCH_BROKEN);
    cr_expect_eq(filtered("last(range(1e9)) > 1"), MATCH_BROKEN);
}
