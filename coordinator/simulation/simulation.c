/*
 * The virtual world around one execution: answers come at once, in the order of the calls; when
 * nothing is on its way the clock moves to the next timer.
 */

#include "common/base/alloc.h"
#include "coordinator/simulation/simulation_private.h"

static void simulation_done(Simulation *simulation) {
    exec_free(simulation->exec);
    alloc_free(simulation->steps);
    alloc_free(simulation->queue);
    alloc_free(simulation->entries);
    arena_done(&simulation->turn);
}

static Str text_or(const Simulation *simulation, const Json *value, Str otherwise) {
    return value ? json_text(simulation->arena, value) : otherwise;
}

static Str trigger_text(const Simulation *simulation, Str input) {
    return str_printf(
        simulation->arena,
        "{\"body\":%.*s,\"headers\":{},\"query\":{},\"method\":\"POST\",\"path\":\"\"}",
        STR_ARGS(input));
}

static void begin(Simulation *simulation) {
    const SimulationOrder *order = simulation->order;
    Str input = text_or(simulation, order->input, STR("{}"));
    ExecFacts facts = {
        .template_id = STR("00000000-0000-0000-0000-000000000000"),
        .version_number = 1,
        .started_ms = order->begin_ms,
        .trigger = order->trigger,
        .trigger_text = trigger_text(simulation, input),
        .input = input,
        .vars = text_or(simulation, order->vars, STR("{}")),
        .seed = order->seed,
    };

    arena_init(&simulation->turn, 0);
    simulation->now_ms = order->begin_ms;
    simulation->steps = alloc_array(simulation->plan->node_count, sizeof *simulation->steps);
    simulation->secrets = simulation_secrets(simulation);
    simulation->exec = exec_new(simulation->plan, &facts);
}

static void enqueue(Simulation *simulation, uint32_t node) {
    if (simulation->queue_last == simulation->queue_capacity) {
        simulation->queue_capacity = MAX(16u, simulation->queue_capacity * 2);
        simulation->queue =
            alloc_again(simulation->queue, simulation->queue_capacity * sizeof *simulation->queue);
    }
    simulation->queue[simulation->queue_last++] = node;
}

static void note_start(Simulation *simulation, uint32_t node) {
    SimulationStep *step = &simulation->steps[node];

    step->start_no = ++simulation->start_count;
    step->started_ms = simulation->now_ms;
}

/* A worker that has nothing to wait for: the answer is there before the clock moves. */
static int call(Simulation *simulation, const ExecEffect *task) {
    SimulationStep *step = &simulation->steps[task->node];
    int r;

    note_start(simulation, task->node);
    step->answer = (ExecEvent){
        .type = EXEC_EVENT_ENDED,
        .node = task->node,
        .attempt = task->attempt,
        .outcome = {.run = simulation->start_count},
    };
    r = simulation_answer(simulation, task, &step->answer.outcome);
    if (r)
        return r;
    step->answer.outcome.started_ms = simulation->now_ms;
    step->answer.outcome.ended_ms = simulation->now_ms;
    enqueue(simulation, task->node);
    return 0;
}

static void finish(Simulation *simulation, const ExecEffect *effect) {
    simulation->is_finished = true;
    simulation->status = effect->status;
    simulation->output = str_copy(simulation->arena, effect->output);
    simulation->error = str_copy(simulation->arena, effect->error);
}

static int carry_out(Simulation *simulation, const ExecEffect *effect) {
    switch (effect->type) {
    case EXEC_EFFECT_RECORD:
        simulation_note(simulation, &effect->row);
        return 0;
    case EXEC_EFFECT_DISPATCH:
        return call(simulation, effect);
    case EXEC_EFFECT_WAIT:
        if (effect->reason == REASON_TIMER)
            note_start(simulation, effect->node);
        return 0;
    case EXEC_EFFECT_TIMER:
        if (effect->node == PLAN_NONE)
            simulation->ring_ms = effect->due_ms;
        else
            simulation->steps[effect->node].ring_ms = effect->due_ms;
        return 0;
    case EXEC_EFFECT_FINISH:
        finish(simulation, effect);
        return 0;
    case EXEC_EFFECT_WAKE:
    case EXEC_EFFECT_REVOKE: /* its answer is on the way already */
    case EXEC_EFFECT_LATE:
    case EXEC_EFFECT_STATUS:
        return 0;
    }
    CHECK_UNREACHABLE();
}

static int tell(Simulation *simulation, ExecEvent event) {
    ExecEffects effects = {.arena = &simulation->turn};
    int r;

    arena_reset(&simulation->turn);
    event.now_ms = simulation->now_ms;
    r = exec_step(simulation->exec, &event, &effects);
    if (r == EXEC_E_LIMIT) {
        simulation->message = STR("the input is larger than an execution may keep");
        return SIMULATION_E_INPUT;
    }
    if (r < 0)
        return fault_pass(r);
    for (uint32_t i = 0; i < effects.count; i++) {
        r = carry_out(simulation, &effects.items[i]);
        if (r)
            return r;
    }
    return 0;
}

/* The timer that rings next, PLAN_NONE for the execution's; false: none. */
static bool next_timer(const Simulation *simulation, uint32_t *ret_node, int64_t *ret_ring_ms) {
    int64_t ring_ms = simulation->ring_ms;
    uint32_t node = PLAN_NONE;

    for (uint32_t i = 0; i < simulation->plan->node_count; i++) {
        int64_t step_ms = simulation->steps[i].ring_ms;

        if (step_ms && (ring_ms == 0 || step_ms < ring_ms)) {
            ring_ms = step_ms;
            node = i;
        }
    }
    *ret_node = node;
    *ret_ring_ms = ring_ms;
    return ring_ms != 0;
}

static int ring(Simulation *simulation) {
    uint32_t node;
    int64_t ring_ms;

    /* Every open step is answered, or waits for a timer. */
    CHECK(next_timer(simulation, &node, &ring_ms));
    if (node == PLAN_NONE)
        simulation->ring_ms = 0;
    else
        simulation->steps[node].ring_ms = 0;
    simulation->now_ms = MAX(simulation->now_ms, ring_ms);
    return tell(simulation, (ExecEvent){.type = EXEC_EVENT_TIMER, .node = node});
}

static int turn(Simulation *simulation) {
    uint32_t node;

    if (simulation->arena->used_bytes - simulation->used_before > SIMULATION_BYTES_MAX) {
        simulation->message = STR("the run and its report would need more memory than they may");
        return SIMULATION_E_TOO_LARGE;
    }
    if (simulation->queue_first == simulation->queue_last)
        return ring(simulation);
    node = simulation->queue[simulation->queue_first++];
    return tell(simulation, simulation->steps[node].answer);
}

static int run(Simulation *simulation) {
    int r;

    r = simulation_check_mocks(simulation);
    if (r)
        return r;
    begin(simulation);
    r = tell(simulation, (ExecEvent){.type = EXEC_EVENT_START, .node = PLAN_NONE});
    while (r == 0 && !simulation->is_finished)
        r = turn(simulation);
    return r;
}

int simulation_run(const SimulationOrder *order, Arena *arena, Json *ret_report, Str *ret_message) {
    _cleanup_(simulation_done) Simulation simulation = {
        .order = order,
        .plan = order->plan,
        .arena = arena,
        .used_before = arena->used_bytes,
    };
    int r;

    r = run(&simulation);
    if (r < 0)
        return fault_pass(r);
    if (r > 0) {
        *ret_message = simulation.message;
        return r;
    }
    *ret_report = simulation_report(&simulation);
    return 0;
}
