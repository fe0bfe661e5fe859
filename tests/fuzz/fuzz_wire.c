/* Any bytes on any of our topics: refused or read, and what was read can be written and read again.
 */

#include <stddef.h>
#include <stdint.h>

#include "common/base/check.h"
#include "common/wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void again_event(const EngineEvent *event, Arena *arena) {
    _cleanup_(buf_done) Buf buf = {0};
    EngineEvent back;

    wire_write_event(&buf, event);
    CHECK(wire_read_event(buf_str(&buf), arena, &back) == 0);
    CHECK(back.type == event->type);
}

static void again_task(const StepTask *task, Arena *arena) {
    _cleanup_(buf_done) Buf buf = {0};
    StepTask back;

    wire_write_task(&buf, task);
    CHECK(wire_read_task(buf_str(&buf), arena, &back) == 0);
    CHECK(back.plan_hash == task->plan_hash && back.value_count == task->value_count);
}

static void again_result(const StepResult *result, Arena *arena) {
    _cleanup_(buf_done) Buf buf = {0};
    StepResult back;

    wire_write_result(&buf, result);
    CHECK(wire_read_result(buf_str(&buf), arena, &back) == 0);
    CHECK(back.outcome_count == result->outcome_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
    Str text;
    Arena arena;
    EngineEvent event;
    StepTask task;
    StepResult result;

    if (length == 0)
        return 0;
    arena_init(&arena, 0);
    text = str_from((const char *)bytes + 1, length - 1);
    switch (bytes[0] % 3) {
    case 0:
        if (wire_read_event(text, &arena, &event) == 0)
            again_event(&event, &arena);
        break;
    case 1:
        if (wire_read_task(text, &arena, &task) == 0)
            again_task(&task, &arena);
        break;
    default:
        if (wire_read_result(text, &arena, &result) == 0)
            again_result(&result, &arena);
        break;
    }
    arena_done(&arena);
    return 0;
}
