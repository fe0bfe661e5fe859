/*
 * Any bytes as a world around an execution: what a worker, a shell or a chance may tell it, in any
 * order and with any nonsense in it. Whatever comes, the state folds to itself, a refusal leaves no
 * trace, and every open step has its reason.
 *
 * The first byte chooses the plan; then each event is eight bytes.
 */

#include "common/base/check.h"
#include "common/base/rand.h"
#include "tests/fake/exec_graph.h"
#include "tests/fake/exec_twin.h"
#include "tests/fuzz/fuzz.h"

#define EVENT_BYTES 8
#define EVENTS_MAX 300
#define PLANS 32

static const Str texts[] = {
    {NULL,                     0 },
    {"",                       0 },
    {"{}",                     2 },
    {"null",                   4 },
    {"{\"x\":1}",              7 },
    {"{\"type\":\"NETWORK\"}", 18},
    {"{\"type\":\"USER:x\"}",  17},
    {"{\"type\":7}",           10},
    {"[1,",                    3 },
    {"true",                   4 },
    {"false,case0",            11},
    {"closed",                 6 },
};

/* Compiled once: the engine is what is looked at here. */
static const Plan *any_plan(uint8_t byte) {
    static Plan *plans[PLANS];
    uint32_t seed = byte % PLANS;
    _cleanup_(buf_done) Buf definition = {0};
    Rand dice;

    if (plans[seed] != NULL)
        return plans[seed];
    rand_seed(&dice, seed);
    exec_graph_text(&dice, &definition);
    plans[seed] = exec_graph_plan(definition.data);
    return plans[seed];
}

static Str text_of(uint8_t byte) {
    return texts[byte % ARRAY_SIZE(texts)];
}

/* Steps and attempts that may be, some that cannot be, and one that is nobody's. */
static ExecEvent event_of(const uint8_t *bytes) {
    return (ExecEvent){
        .type = bytes[0] % (EXEC_EVENT_CANCEL + 1),
        .node = bytes[1] == 255 ? PLAN_NONE : bytes[1] % (EXEC_GRAPH_STEPS_MAX + 2),
        .visit = bytes[2] >= 250,
        .attempt = bytes[2] % 4,
        .lost_unstarted = bytes[3] & 1,
        .reason = text_of(bytes[4]),
        .outcome =
            {
                      .index = bytes[3] >= 240,
                      .run = bytes[4] % 3,
                      .status = (StepStatus)(bytes[5] % (_STEP_STATUS_COUNT + 2)),
                      .outcome = text_of(bytes[6]),
                      .continues = bytes[3] & 2,
                      .released = (Released)(bytes[5] % (_RELEASED_COUNT + 1)),
                      .effect = (Effect)(bytes[6] % (_EFFECT_COUNT + 1)),
                      .input = text_of(bytes[7]),
                      .output = text_of(bytes[7] / 2),
                      .error = text_of(bytes[7] / 4),
                      .retryable = bytes[3] & 4,
                      .retry_after_ms = bytes[5] * 1000,
                      .started_ms = bytes[6] * 100 - 1000,
                      .ended_ms = bytes[7] * 100 - 1000,
                      },
    };
}

static void tell(ExecTwin *twin, const uint8_t *bytes, int64_t *now_ms) {
    ExecEvent event = event_of(bytes);
    int r;

    *now_ms += bytes[1] % 2 ? bytes[0] * 40 : 0;
    event.now_ms = *now_ms;
    if (bytes[0] == 255 && !execution_status_is_terminal(exec_status(twin->exec)))
        exec_twin_evict(twin);
    r = exec_twin_step(twin, &event);
    CHECK(r >= 0);
    CHECK(twin->complaint[0] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    int64_t now_ms = 1000000;
    ExecFacts facts = {
        .started_ms = now_ms,
        .trigger = PLAN_NONE,
        .trigger_text = STR("{}"),
        .input = STR("{\"q0\":true,\"q1\":false,\"q2\":true,\"q3\":1,\"q4\":true,\"q5\":false}"),
        .vars = STR("{}"),
    };
    ExecTwin twin;

    if (size < 1 || size > 1 + EVENTS_MAX * EVENT_BYTES)
        return 0;
    exec_twin_init(&twin, any_plan(bytes[0]), &facts);
    CHECK(exec_twin_step(
              &twin, &(ExecEvent){.type = EXEC_EVENT_START, .node = PLAN_NONE, .now_ms = now_ms}) ==
          0);
    for (size_t at = 1; at + EVENT_BYTES <= size; at += EVENT_BYTES)
        tell(&twin, bytes + at, &now_ms);
    exec_twin_done(&twin);
    return 0;
}
