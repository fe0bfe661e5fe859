#include <criterion/criterion.h>
#include <string.h>

#include "common/base/id.h"

static Uuid uuid_of(const char *text) {
    Uuid uuid = {0};

    cr_assert(uuid_from_text(str_of(text), &uuid), "%s", text);
    return uuid;
}

static const char some[] = "01234567-89ab-cdef-0123-456789abcdef";

Test(id, text_and_bytes_are_the_same_id) {
    Uuid uuid = uuid_of(some);

    cr_assert_eq(uuid.bytes[0], 0x01);
    cr_assert_eq(uuid.bytes[15], 0xef);
    cr_assert_str_eq(uuid_text(uuid).text, some);
    cr_assert(uuid_equal(uuid, uuid_of("01234567-89AB-CDEF-0123-456789ABCDEF")), "any case");
}

Test(id, text_that_is_no_uuid_is_refused_and_changes_nothing) {
    static const char *const wrong[] = {
        "",
        "01234567-89ab-cdef-0123-456789abcde",   /* one short */
        "01234567-89ab-cdef-0123-456789abcdef0", /* one long */
        "0123456789abcdef0123456789abcdef",      /* no dashes */
        "01234567-89ab-cdef-0123-456789abcdeg",  /* no such digit */
        "0123456-789ab-cdef-0123-456789abcdef",  /* a dash too early */
        "01234567-89ab-cdef-0123-4567-9abcdef",  /* a dash too many */
        "01234567 89ab-cdef-0123-456789abcdef",
    };
    Uuid uuid = uuid_of(some);

    for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
        cr_expect_not(uuid_from_text(str_of(wrong[i]), &uuid), "%s", wrong[i]);
    cr_expect_str_eq(uuid_text(uuid).text, some);
}

Test(id, only_sixteen_bytes_are_an_id) {
    Uuid uuid = uuid_of(some), again = {0};

    cr_assert(uuid_from_bytes(uuid_bytes(&uuid), &again));
    cr_assert(uuid_equal(uuid, again));
    cr_assert_not(uuid_from_bytes(str_slice(uuid_bytes(&uuid), 0, 15), &again));
    cr_assert_not(uuid_from_bytes(STR_NONE, &again));
}

Test(id, order_is_that_of_the_text) {
    Uuid low = uuid_of("01234567-89ab-cdef-0123-456789abcdef");
    Uuid high = uuid_of("f1234567-89ab-cdef-0123-456789abcdef");

    cr_assert_lt(uuid_compare(low, high), 0);
    cr_assert_gt(uuid_compare(high, low), 0);
    cr_assert_eq(uuid_compare(low, low), 0);
    cr_assert(uuid_is_zero((Uuid){0}));
    cr_assert_not(uuid_is_zero(low));
}

Test(id, version_7_carries_time_and_dice) {
    static const uint8_t dice[UUID_RANDOM_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff,
                                                    0xff, 0xff, 0xff, 0xff, 0xff};
    Uuid uuid = uuid_v7(0x0123456789ab, dice);

    cr_assert_str_eq(uuid_text(uuid).text, "01234567-89ab-7fff-bfff-ffffffffffff");
    cr_assert_eq(uuid_time_ms(uuid), 0x0123456789ab);
}

static ExecutionOrigin order_origin(void) {
    return (ExecutionOrigin){
        .accepted_ms = 1700000000000,
        .tenant = {uuid_of("00000000-0000-7000-8000-000000000001")},
        .template_id = {uuid_of("00000000-0000-7000-8000-000000000002")},
        .trigger = STR("order"),
        .event = STR("evt-1"),
    };
}

/* Whether the id changed with one part of the origin. */
static bool differs(ExecutionOrigin other) {
    ExecutionOrigin origin = order_origin();

    return !uuid_equal(execution_id(&origin).uuid, execution_id(&other).uuid);
}

Test(id, the_same_event_gives_the_same_execution_for_ever) {
    ExecutionOrigin origin = order_origin();

    cr_assert_not(differs(origin));
    cr_assert_str_eq(uuid_text(execution_id(&origin).uuid).text,
                     "018bcfe5-6800-8a0e-9b66-cca1c2b2fd8b");
}

Test(id, every_part_of_the_origin_matters) {
    ExecutionOrigin origin = order_origin();

    origin.accepted_ms++;
    cr_expect(differs(origin));
    origin = order_origin();
    origin.tenant.uuid.bytes[15]++;
    cr_expect(differs(origin));
    origin = order_origin();
    origin.template_id.uuid.bytes[15]++;
    cr_expect(differs(origin));
    origin = order_origin();
    origin.trigger = STR("order2");
    cr_expect(differs(origin));
    origin = order_origin();
    origin.event = STR("evt-2");
    cr_expect(differs(origin));
    origin = order_origin();
    origin.trigger = STR("ordere");
    origin.event = STR("vt-1");
    cr_expect(differs(origin), "the border between the parts counts");
}

Test(id, an_execution_starts_with_its_time_and_says_version_8) {
    ExecutionOrigin origin = order_origin();
    Uuid uuid = execution_id(&origin).uuid;

    cr_assert_eq(uuid_time_ms(uuid), origin.accepted_ms);
    cr_assert_eq(uuid.bytes[6] >> 4, 8);
    cr_assert_eq(uuid.bytes[8] >> 6, 2);
}

Test(id, the_key_of_an_event_knows_no_time) {
    ExecutionOrigin origin = order_origin(), later = order_origin();

    later.accepted_ms += 86400000;
    cr_assert(uuid_equal(execution_key(&origin), execution_key(&later)));
    cr_assert_eq(uuid_time_ms(execution_key(&origin)), 0);
    later.event = STR("evt-2");
    cr_assert_not(uuid_equal(execution_key(&origin), execution_key(&later)));
}

Test(id, step_instances_depend_on_execution_step_scope_and_visit) {
    ExecutionOrigin origin = order_origin();
    ExecutionId execution = execution_id(&origin), other = execution;
    Uuid step = step_instance_id(execution, STR("a"), STR("/x#1"), 0).uuid;

    other.uuid.bytes[15]++;
    cr_expect(uuid_equal(step, step_instance_id(execution, STR("a"), STR("/x#1"), 0).uuid));
    cr_expect_not(uuid_equal(step, step_instance_id(other, STR("a"), STR("/x#1"), 0).uuid));
    cr_expect_not(uuid_equal(step, step_instance_id(execution, STR("b"), STR("/x#1"), 0).uuid));
    cr_expect_not(uuid_equal(step, step_instance_id(execution, STR("a"), STR("/x#2"), 0).uuid));
    cr_expect_not(uuid_equal(step, step_instance_id(execution, STR("a"), STR("/x#1"), 1).uuid));
    cr_expect_not(uuid_equal(step, step_instance_id(execution, STR("a/x"), STR("#1"), 0).uuid));
}
