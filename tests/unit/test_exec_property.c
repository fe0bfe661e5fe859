/*
 * The laws of executions, on random graphs in a random world: answers come late, twice, from the
 * wrong attempt or not at all; timers ring early and again; the coordinator forgets everything and
 * folds. Whatever happens, every execution ends once, and every join was decided as its policy
 * says.
 */

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdio.h>

#include "common/base/alloc.h"
#include "common/plan/scope.h"
#include "tests/fake/exec_graph.h"
#include "tests/fake/exec_twin.h"

#define GRAPHS 10000
#define WILD_GRAPHS 4000
#define BEGIN_MS 1700000000000
#define TURNS_MAX 3000
#define LETTERS_MAX 256
#define LATE_TURNS 8

/* Something that will be told to the engine some time. */
typedef struct Letter {
    int64_t at_ms;
    ExecEvent event;
} Letter;

typedef struct World {
    Rand dice;
    uint64_t seed;
    Plan *plan;
    ExecTwin twin;
    Arena arena;
    Letter letters[LETTERS_MAX];
    uint32_t letter_count;
    int64_t now_ms;
    uint64_t last_run;
    uint32_t turn_count;
    uint64_t trace; /* of all effects, to compare two runs of one seed */
    bool is_calm;   /* no loss, no eviction, no cancel */
    Buf definition;
} World;

static bool chance(World *world, uint32_t percent) {
    return rand_below(&world->dice, 100) < percent;
}

static void post(World *world, const ExecEvent *event, int64_t after_ms) {
    if (world->letter_count == LETTERS_MAX)
        return;
    world->letters[world->letter_count++] = (Letter){world->now_ms + after_ms, *event};
}

static Letter take(World *world) {
    uint32_t best = 0;
    Letter letter;

    for (uint32_t i = 1; i < world->letter_count; i++) {
        if (world->letters[i].at_ms < world->letters[best].at_ms)
            best = i;
    }
    letter = world->letters[best];
    world->letters[best] = world->letters[--world->letter_count];
    return letter;
}

static Str any_error(World *world) {
    static const ErrorType types[] = {ERROR_NETWORK, ERROR_TIMEOUT, ERROR_HTTP_5XX, ERROR_AUTH};
    ScopeFailure words = {
        .type = types[rand_below(&world->dice, ARRAY_SIZE(types))],
        .message = STR("by chance"),
    };

    return scope_error_object(&world->arena, &words);
}

static void throw_outcome(World *world, ExecOutcome *outcome) {
    static const StepStatus statuses[] = {STEP_COMPLETED, STEP_COMPLETED,    STEP_COMPLETED,
                                          STEP_COMPLETED, STEP_FAILED,       STEP_FAILED,
                                          STEP_TIMED_OUT, STEP_INDETERMINATE};

    outcome->status = statuses[rand_below(&world->dice, ARRAY_SIZE(statuses))];
    outcome->effect = (Effect)rand_below(&world->dice, _EFFECT_COUNT);
    outcome->retryable = chance(world, 70);
    outcome->output = STR("{\"x\":1}");
    outcome->error = STR_NONE;
    if (outcome->status != STEP_COMPLETED)
        outcome->error = any_error(world);
}

/* What a coordinator's shell does about silence. */
static void watch(World *world, uint32_t node, uint32_t attempt, int64_t from_ms) {
    ExecEvent event = {
        .type = EXEC_EVENT_LOST,
        .node = node,
        .attempt = attempt,
        .lost_unstarted = true,
    };

    post(world, &event, from_ms + 5000);
    event.lost_unstarted = false;
    post(world, &event, from_ms + 15000);
}

/* What a worker answers where the coordinator would ask a program. */
static Str any_ports(World *world, uint32_t node) {
    StepType type = world->plan->nodes[node].type;

    if (type == STEP_CONDITION)
        return chance(world, 50) ? STR("true") : STR("false");
    if (type == STEP_SWITCH)
        return chance(world, 50) ? STR("case0") : STR("case0,case1");
    return STR("");
}

/*
 * The worker goes on with a chain, says so in each outcome, and brings the next one; now and then
 * it does not, or says it of a step behind which nothing may go on.
 */
static void go_on(World *world, ExecEvent *event, int64_t after_ms) {
    uint32_t next = PLAN_NONE;
    ExecEvent ahead;

    if (event->outcome.status != STEP_COMPLETED || event->type != EXEC_EVENT_ENDED)
        return;
    event->outcome.outcome = any_ports(world, event->node);
    if (!chance(world, 35))
        return;
    event->outcome.continues = true;
    next = plan_chain_next(world->plan, event->node, event->outcome.outcome);
    if (next == PLAN_NONE)
        return;
    ahead = *event;
    ahead.node = next;
    ahead.attempt = 0;
    ahead.outcome.index++;
    ahead.outcome.continues = false;
    throw_outcome(world, &ahead.outcome);
    go_on(world, &ahead, after_ms + 100);
    watch(world, next, 0, after_ms);
    if (world->is_calm || chance(world, 80))
        post(world, &ahead, after_ms + 100);
}

/* A worker takes the task, or nobody does; the copy of a message may come as well. */
static void work(World *world, const ExecEffect *effect) {
    int64_t after_ms = (int64_t)rand_below(&world->dice, 4000);
    ExecEvent event = {
        .node = effect->node,
        .attempt = effect->attempt,
        .outcome = {.run = ++world->last_run},
    };

    if (chance(world, 30)) {
        event.type = EXEC_EVENT_STARTED;
        post(world, &event, after_ms / 2);
    }
    if (!world->is_calm && chance(world, 12))
        return; /* its watchdog will tell */
    event.type = !world->is_calm && chance(world, 8) ? EXEC_EVENT_RELEASED : EXEC_EVENT_ENDED;
    event.outcome.released = (Released)rand_below(&world->dice, _RELEASED_COUNT);
    throw_outcome(world, &event.outcome);
    go_on(world, &event, after_ms);
    post(world, &event, after_ms);
    if (chance(world, 10))
        post(world, &event, after_ms + (int64_t)rand_below(&world->dice, 3000));
    if (chance(world, 3)) {
        event.attempt += chance(world, 50) ? 1 : UINT32_MAX;
        post(world, &event, after_ms / 3);
    }
}

static void ring(World *world, uint32_t node, int64_t due_ms) {
    ExecEvent event = {.type = EXEC_EVENT_TIMER, .node = node};

    post(world, &event, MAX(due_ms - world->now_ms, (int64_t)0));
    if (chance(world, 10))
        post(world, &event, (int64_t)rand_below(&world->dice, 1000));
}

static void note(World *world, const ExecEffect *effect) {
    _cleanup_(buf_done) Buf line = {0};

    exec_trace_effect(world->twin.exec, effect, &line);
    world->trace = str_hash(buf_str(&line), world->trace);
}

static void carry_out(World *world) {
    for (uint32_t i = 0; i < world->twin.effects.count; i++) {
        const ExecEffect *effect = &world->twin.effects.items[i];

        note(world, effect);
        if (effect->type == EXEC_EFFECT_DISPATCH) {
            work(world, effect);
            watch(world, effect->node, effect->attempt, 0);
        } else if (effect->type == EXEC_EFFECT_TIMER) {
            ring(world, effect->node, effect->due_ms);
        }
    }
}

/* A takeover: memory is gone; what is in hand is watched or sent again, what waits is armed. */
static void take_over(World *world) {
    exec_twin_evict(&world->twin);
    for (uint32_t node = 0; node < world->plan->node_count; node++) {
        ExecStepView view = exec_view(world->twin.exec, node);

        if (view.due_ms)
            ring(world, node, view.due_ms);
        if (view.status != STEP_RUNNING)
            continue;
        if (chance(world, 50) && exec_twin_resend(&world->twin, node) == 0)
            carry_out(world);
        else
            watch(world, node, view.attempt, 0);
    }
    if (exec_due_ms(world->twin.exec))
        ring(world, PLAN_NONE, exec_due_ms(world->twin.exec));
}

static void turn(World *world) {
    Letter letter = take(world);

    world->now_ms = MAX(world->now_ms, letter.at_ms);
    letter.event.now_ms = world->now_ms;
    world->turn_count++;
    if (exec_twin_step(&world->twin, &letter.event) == 0)
        carry_out(world);
    if (!world->is_calm && chance(world, 10) &&
        !execution_status_is_terminal(exec_status(world->twin.exec)))
        take_over(world);
}

static void begin(World *world, uint64_t seed, bool is_calm) {
    _cleanup_(buf_done) Buf input = {0};
    ExecFacts facts = {.started_ms = BEGIN_MS, .trigger = PLAN_NONE, .seed = seed};
    PlanProblems problems = {0};
    int r;

    *world = (World){.seed = seed, .now_ms = BEGIN_MS, .is_calm = is_calm};
    rand_seed(&world->dice, seed);
    arena_init(&world->arena, 0);
    exec_graph_text(&world->dice, &world->definition);
    exec_graph_input(&world->dice, &input);
    r = plan_compile(buf_str(&world->definition), exec_graph_catalog(), &world->arena, &problems,
                     &world->plan);
    cr_assert(r == 0, "seed %llu: %.*s: %.*s\n%s", (unsigned long long)seed,
              STR_ARGS(problems.items[0].pointer), STR_ARGS(problems.items[0].message),
              world->definition.data);
    facts.input = buf_str(&input);
    exec_twin_init(&world->twin, world->plan, &facts);
    post(world, &(ExecEvent){.type = EXEC_EVENT_START, .node = PLAN_NONE}, 0);
    if (!is_calm && chance(world, 10))
        post(world, &(ExecEvent){.type = EXEC_EVENT_CANCEL, .node = PLAN_NONE},
             (int64_t)rand_below(&world->dice, 20000));
}

static void end(World *world) {
    exec_twin_done(&world->twin);
    plan_free(world->plan);
    buf_done(&world->definition);
    arena_done(&world->arena);
}

/* Some letters come after the end; the rest of them would tell nothing new. */
static void run(World *world) {
    uint32_t afterwards = 0;

    while (world->letter_count > 0 && world->turn_count < TURNS_MAX && afterwards < LATE_TURNS) {
        turn(world);
        afterwards += execution_status_is_terminal(exec_status(world->twin.exec));
    }
    cr_assert(world->twin.complaint[0] == '\0', "seed %llu: %s\n%s",
              (unsigned long long)world->seed, world->twin.complaint, world->definition.data);
    cr_assert(execution_status_is_terminal(exec_status(world->twin.exec)),
              "seed %llu: it hangs with %u steps open\n%s", (unsigned long long)world->seed,
              exec_open_count(world->twin.exec), world->definition.data);
    cr_assert_eq(world->twin.finish_count, 1);
}

/* The oracle: joins judged from the rows alone, after the fact. */

static const ExecRow *last_row(const World *world, uint32_t node) {
    for (uint32_t i = world->twin.row_count; i > 0; i--) {
        if (world->twin.rows[i - 1].node == node)
            return &world->twin.rows[i - 1];
    }
    return NULL;
}

static bool was_closed(const World *world) {
    for (uint32_t i = 0; i < world->twin.row_count; i++) {
        if (str_is(world->twin.rows[i].outcome, EXEC_OUTCOME_CLOSED))
            return true;
    }
    return false;
}

static bool should_run(const PlanNode *node, uint32_t taken_count) {
    switch (node->join) {
    case JOIN_ALL_TAKEN:
        return taken_count == node->in_count;
    case JOIN_N_OF_M:
        return taken_count >= node->join_n;
    case JOIN_ALL_DECIDED:
    case JOIN_ANY:
    case JOIN_EACH:
    case _JOIN_POLICY_COUNT:
        return taken_count > 0 || node->in_count == 0;
    }
    return false;
}

static void judge(const World *world, uint32_t node) {
    const PlanNode *plan_node = &world->plan->nodes[node];
    const ExecRow *row = last_row(world, node);
    uint32_t taken_count = 0;
    bool has_run;

    cr_assert(row != NULL, "seed %llu: s%u was never decided\n%s", (unsigned long long)world->seed,
              node, world->definition.data);
    for (uint32_t i = 0; i < plan_node->in_count; i++) {
        const PlanEdge *edge = &world->plan->edges[plan_node->in[i]];

        taken_count += plan_edge_is_taken(edge, last_row(world, edge->from)->outcome);
    }
    has_run = row->status != STEP_SKIPPED || row->reason == REASON_GUARD;
    cr_assert(has_run == should_run(plan_node, taken_count), "seed %llu: s%u, %u of %u taken\n%s",
              (unsigned long long)world->seed, node, taken_count, plan_node->in_count,
              world->definition.data);
    if (!has_run)
        cr_assert(str_is(row->outcome, "none"));
    if (taken_count == 0 && plan_node->in_count == 1)
        cr_assert_eq(row->reason, REASON_DEAD_PATH);
}

Test(exec_property, joins_never_hang_and_are_decided_by_their_policy) {
    uint32_t judged_count = 0;

    for (uint64_t seed = 1; seed <= GRAPHS; seed++) {
        World world;

        begin(&world, seed, true);
        run(&world);
        if (!was_closed(&world)) {
            judged_count++;
            for (uint32_t node = 0; node < world.plan->node_count; node++)
                judge(&world, node);
        }
        end(&world);
    }
    cr_assert(judged_count > GRAPHS / 4, "only %u graphs were judged", judged_count);
}

Test(exec_property, whatever_the_world_does_an_execution_ends_once_and_folds_to_itself) {
    for (uint64_t seed = 1; seed <= WILD_GRAPHS; seed++) {
        World world;

        begin(&world, seed ^ 0x5eed000000000000u, false);
        run(&world);
        end(&world);
    }
}

Test(exec_property, the_same_seed_gives_the_same_run) {
    for (uint64_t seed = 1; seed <= 200; seed++) {
        World first, second;

        begin(&first, seed, false);
        begin(&second, seed, false);
        run(&first);
        run(&second);
        cr_assert_eq(first.trace, second.trace);
        cr_assert_eq(first.now_ms, second.now_ms);
        cr_assert_eq(first.twin.row_count, second.twin.row_count);
        end(&first);
        end(&second);
    }
}
