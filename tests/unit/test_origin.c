/* What follows from the event that started an execution. */

#include <criterion/criterion.h>

#include "coordinator/origin.h"

static Arena arena;

static void open_arena(void) {
    arena_init(&arena, 0);
}

static void close_arena(void) {
    arena_done(&arena);
}

TestSuite(origin, .init = open_arena, .fini = close_arena);

static ExecutionId id_at(int64_t accepted_ms) {
    return execution_id(&(ExecutionOrigin){
        .accepted_ms = accepted_ms, .trigger = STR("order"), .event = STR("delivery 1")});
}

Test(origin, two_deliveries_of_an_event_have_one_key) {
    cr_assert_not(uuid_equal(id_at(1).uuid, id_at(2).uuid));
    cr_expect(uuid_equal(origin_key(id_at(1)), origin_key(id_at(2))));
}

Test(origin, the_dice_of_an_execution_do_not_depend_on_the_delivery) {
    cr_expect_eq(origin_seed(id_at(1)), origin_seed(id_at(2)));
}

Test(origin, only_events_without_a_time_of_their_own_need_a_key) {
    cr_expect(origin_has_key(TRIGGER_WEBHOOK));
    cr_expect(origin_has_key(TRIGGER_MANUAL));
    cr_expect_not(origin_has_key(TRIGGER_SCHEDULED));
    cr_expect_not(origin_has_key(TRIGGER_EVENT));
}

Test(origin, the_input_is_the_body_of_a_webhook) {
    Str input =
        origin_input(&arena, STR("{\"body\": {\"n\": 1.50}, \"method\": \"POST\"}"), STR_NONE);

    cr_expect(str_is(input, "{\"n\":1.50}"));
}

Test(origin, the_input_is_the_data_of_an_event) {
    cr_expect(str_is(origin_input(&arena, STR("{\"id\":\"1\",\"data\":[1]}"), STR_NONE), "[1]"));
}

Test(origin, a_given_input_goes_first) {
    cr_expect(str_is(origin_input(&arena, STR("{\"body\":1}"), STR("2")), "2"));
}

Test(origin, without_any_the_input_is_null) {
    cr_expect(str_is(origin_input(&arena, STR("{}"), STR_NONE), "null"));
    cr_expect(str_is(origin_input(&arena, STR("not json"), STR_NONE), "null"));
}
