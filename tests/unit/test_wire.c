/* Messages come back as they were written, and what does not fit is refused by name. */

#include <criterion/criterion.h>
#include <string.h>

#include "common/base/rand.h"
#include "common/model/limits.h"
#include "common/wire/wire.h"

static Arena arena;
static Buf buf;

static void open_memory(void) {
    arena_init(&arena, 0);
}

static void close_memory(void) {
    arena_done(&arena);
    buf_done(&buf);
}

TestSuite(wire, .init = open_memory, .fini = close_memory);

static Uuid uuid_of(uint8_t fill) {
    Uuid uuid;

    memset(uuid.bytes, fill, sizeof uuid.bytes);
    return uuid;
}

static EngineEvent a_trigger(void) {
    EngineEvent event = {.type = ENGINE_EVENT_TRIGGER};

    event.trigger = (TriggerEvent){
        .tenant = {uuid_of(1)},
        .template_id = {uuid_of(2)},
        .trigger = STR("order"),
        .type = TRIGGER_WEBHOOK,
        .event = STR("delivery-1"),
        .scope = STR("{\"body\":1}"),
        .input = STR("1"),
        .traceparent = STR("00-ab-cd-01"),
    };
    event.trigger.accepted_ms = 1700000000000;
    event.trigger.execution = execution_id(&(ExecutionOrigin){
        .accepted_ms = event.trigger.accepted_ms,
        .tenant = event.trigger.tenant,
        .template_id = event.trigger.template_id,
        .trigger = event.trigger.trigger,
        .event = event.trigger.event,
    });
    return event;
}

Test(wire, a_trigger_event_comes_back_whole) {
    EngineEvent event = a_trigger(), back;

    wire_write_event(&buf, &event);
    cr_assert_eq(wire_read_event(buf_str(&buf), &arena, &back), 0);
    cr_assert_eq(back.type, ENGINE_EVENT_TRIGGER);
    cr_assert(uuid_equal(back.trigger.execution.uuid, event.trigger.execution.uuid));
    cr_assert(uuid_equal(back.trigger.tenant.uuid, event.trigger.tenant.uuid));
    cr_assert(uuid_is_zero(back.trigger.version.uuid));
    cr_assert(str_is(back.trigger.trigger, "order"));
    cr_assert(str_is(back.trigger.scope, "{\"body\":1}"));
    cr_assert_eq(back.trigger.accepted_ms, 1700000000000);
}

Test(wire, an_execution_id_that_carries_another_time_than_the_event_is_refused) {
    EngineEvent event = a_trigger(), back;

    event.trigger.accepted_ms++;
    wire_write_event(&buf, &event);
    cr_assert_eq(wire_read_event(buf_str(&buf), &arena, &back), WIRE_E_INVALID);
}

Test(wire, a_command_comes_back_whole) {
    EngineEvent event = {.type = ENGINE_EVENT_COMMAND}, back;

    event.command = (Command){
        .type = COMMAND_CANCEL,
        .tenant = {uuid_of(3)},
        .execution = {uuid_of(4)},
        .reason = STR("no longer wanted"),
        .actor = STR("key ops"),
        .at_ms = 5,
    };
    wire_write_event(&buf, &event);
    cr_assert_eq(wire_read_event(buf_str(&buf), &arena, &back), 0);
    cr_assert_eq(back.type, ENGINE_EVENT_COMMAND);
    cr_assert(str_is(back.command.reason, "no longer wanted"));
    cr_assert(uuid_equal(back.command.execution.uuid, uuid_of(4)));
}

static StepTask a_task(void) {
    static const TaskValue values[] = {
        {.root = STR("vars"),       .text = STR("{}")   },
        { .text = STR("7"), .node = 2, .status = STEP_COMPLETED, .error = STR("null")},
    };

    return (StepTask){
        .execution = {uuid_of(1)},
        .tenant = {uuid_of(2)},
        .template_id = {uuid_of(3)},
        .version = {uuid_of(4)},
        .plan_hash = 0xfedcba9876543210u,
        .node = 3,
        .attempt = 2,
        .chain = 9,
        .epoch = 4,
        .dispatch_no = 1,
        .chain_max = 1,
        .opened_ms = -1,
        .attempt_timeout_ms = 30000,
        .input = STR("{\"url\":\"x\"}"),
        .values = values,
        .value_count = 2,
    };
}

Test(wire, a_task_comes_back_whole) {
    StepTask task = a_task(), back;

    wire_write_task(&buf, &task);
    cr_assert_eq(wire_read_task(buf_str(&buf), &arena, &back), 0);
    cr_assert_eq(back.plan_hash, task.plan_hash);
    cr_assert_eq(back.opened_ms, -1);
    cr_assert_eq(back.value_count, 2);
    cr_assert(str_is(back.values[0].root, "vars"));
    cr_assert_eq(back.values[1].node, 2);
    cr_assert_eq(back.values[1].status, STEP_COMPLETED);
    cr_assert(str_is(back.input, "{\"url\":\"x\"}"));
}

Test(wire, a_task_without_permission_for_a_single_step_is_refused) {
    StepTask task = a_task(), back;

    task.chain_max = 0;
    wire_write_task(&buf, &task);
    cr_assert_eq(wire_read_task(buf_str(&buf), &arena, &back), WIRE_E_INVALID);
}

Test(wire, a_step_number_beyond_every_plan_is_refused) {
    StepTask task = a_task(), back;

    task.node = STEPS_MAX;
    wire_write_task(&buf, &task);
    cr_assert_eq(wire_read_task(buf_str(&buf), &arena, &back), WIRE_E_INVALID);
}

static StepResult a_result(StepOutcome *outcomes, uint32_t count) {
    return (StepResult){
        .execution = {uuid_of(1)},
        .chain = 9,
        .run = 77,
        .worker = STR("worker-1"),
        .outcomes = outcomes,
        .outcome_count = count,
    };
}

Test(wire, outcomes_come_back_in_their_order) {
    StepOutcome started = {.kind = OUTCOME_STARTED, .node = 1, .started_ms = 10};
    StepOutcome ended = {.kind = OUTCOME_ENDED, .node = 1, .status = STEP_COMPLETED};
    StepOutcome released = {.kind = OUTCOME_RELEASED, .index = 1, .released = RELEASED_DRAIN};
    StepOutcome outcomes[] = {started, ended, released};
    StepResult result = a_result(outcomes, 3), back;

    outcomes[1].effect = EFFECT_ANSWERED;
    outcomes[1].output = STR("{}");
    outcomes[1].continues = true;
    outcomes[2].node = 2;
    wire_write_result(&buf, &result);
    cr_assert_eq(wire_read_result(buf_str(&buf), &arena, &back), 0);
    cr_assert_eq(back.outcome_count, 3);
    cr_assert_eq(back.outcomes[0].kind, OUTCOME_STARTED);
    cr_assert_eq(back.outcomes[1].status, STEP_COMPLETED);
    cr_assert(back.outcomes[1].continues);
    cr_assert_eq(back.outcomes[2].released, RELEASED_DRAIN);
    cr_assert_eq(back.run, 77);
}

Test(wire, an_end_that_is_none_is_refused) {
    static const StepStatus none[] = {STEP_PENDING, STEP_RUNNING, STEP_WAITING, STEP_SKIPPED,
                                      STEP_FAILED_HANDLED};

    for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
        StepOutcome outcome = {.kind = OUTCOME_ENDED, .status = none[i]};
        StepResult result = a_result(&outcome, 1), back;

        buf_clear(&buf);
        wire_write_result(&buf, &result);
        cr_expect_eq(wire_read_result(buf_str(&buf), &arena, &back), WIRE_E_INVALID);
    }
}

Test(wire, garbage_is_refused_and_never_crashes) {
    Rand dice;
    char bytes[256];

    rand_seed(&dice, 7);
    for (int round = 0; round < 20000; round++) {
        size_t length = rand_below(&dice, sizeof bytes);
        EngineEvent event;
        StepTask task;
        StepResult result;

        for (size_t i = 0; i < length; i++)
            bytes[i] = (char)rand_next(&dice);
        cr_assert_geq(wire_read_event(str_from(bytes, length), &arena, &event), 0);
        cr_assert_geq(wire_read_task(str_from(bytes, length), &arena, &task), 0);
        cr_assert_geq(wire_read_result(str_from(bytes, length), &arena, &result), 0);
        arena_reset(&arena);
    }
}

Test(wire, a_message_over_the_limit_is_refused_before_it_is_read) {
    StepTask back;
    char *bytes = arena_zero(&arena, MESSAGE_BYTES_MAX + 1);

    cr_assert_eq(wire_read_task(str_from(bytes, MESSAGE_BYTES_MAX + 1), &arena, &back),
                 WIRE_E_TOO_LARGE);
}

Test(wire, many_empty_outcomes_in_few_bytes_cannot_fill_the_memory) {
    StepResult back;
    char *bytes = arena_alloc(&arena, 900000);

    for (size_t i = 0; i + 1 < 900000; i += 2) {
        bytes[i] = 0x4a; /* field 9, length-delimited */
        bytes[i + 1] = 0;
    }
    cr_assert_eq(wire_read_result(str_from(bytes, 900000), &arena, &back), WIRE_E_BROKEN);
    cr_assert_lt(arena.used_bytes, 16u << 20);
}

Test(wire, a_message_for_newer_readers_is_named_so) {
    StepTask back;
    const char bytes[] = {0x08, 0x63, 0x10, 0x63}; /* schema 99, min_reader 99 */

    cr_assert_eq(wire_read_task(str_from(bytes, sizeof bytes), &arena, &back), WIRE_E_NEWER);
}

Test(wire, every_delivery_of_an_event_has_the_same_home) {
    EngineEvent event = a_trigger();
    ExecutionOrigin origin = {
        .accepted_ms = 1,
        .tenant = event.trigger.tenant,
        .template_id = event.trigger.template_id,
        .trigger = event.trigger.trigger,
        .event = event.trigger.event,
    };
    ExecutionId first = execution_id(&origin);

    origin.accepted_ms = 99999;
    cr_assert_eq(wire_home_partition(first, 32), wire_home_partition(execution_id(&origin), 32));
}
