/* Random definitions. */

#include "tests/fake/exec_graph.h"

#include "common/base/check.h"

typedef enum GraphType {
    GRAPH_ACTION,
    GRAPH_CONDITION,
    GRAPH_SWITCH,
    GRAPH_TRANSFORM,
    GRAPH_DELAY,
    GRAPH_TERMINATE,
} GraphType;

typedef struct Graph {
    Rand *dice;
    Buf *out;
    uint32_t step_count;
    uint32_t in_count[EXEC_GRAPH_STEPS_MAX];
    GraphType types[EXEC_GRAPH_STEPS_MAX];
} Graph;

static bool chance(Graph *graph, uint32_t percent) {
    return rand_below(graph->dice, 100) < percent;
}

static GraphType any_type(Graph *graph) {
    uint64_t throw = rand_below(graph->dice, 100);

    if (throw < 55)
        return GRAPH_ACTION;
    if (throw < 70)
        return GRAPH_CONDITION;
    if (throw < 80)
        return GRAPH_SWITCH;
    if (throw < 89)
        return GRAPH_TRANSFORM;
    return throw < 98 ? GRAPH_DELAY : GRAPH_TERMINATE;
}

/* Edges to later steps only, so that the graph is acyclic. `"key":["s4","s7"]`, or nothing. */
static void add_edges(Graph *graph, uint32_t from, const char *before, uint32_t percent) {
    const char *after = "";

    for (uint32_t to = from + 1; to < graph->step_count; to++) {
        if (!chance(graph, percent))
            continue;
        buf_printf(graph->out, "%s\"s%u\"", after[0] ? "," : before, to);
        graph->in_count[to]++;
        after = "]";
    }
    buf_add_text(graph->out, after);
}

static void add_error_edges(Graph *graph, uint32_t from) {
    uint32_t later = graph->step_count - from - 1;
    uint32_t to;

    if (later == 0 || !chance(graph, 35))
        return;
    to = from + 1 + (uint32_t)rand_below(graph->dice, later);
    graph->in_count[to]++;
    if (chance(graph, 50))
        buf_printf(graph->out, ",\"onErrorSteps\":[\"s%u\"]", to);
    else
        buf_printf(graph->out,
                   ",\"onErrorSteps\":[{\"stepId\":\"s%u\",\"match\":{\"types\":[\"NETWORK\","
                   "\"TIMEOUT\"]}}]",
                   to);
}

static void add_join(Graph *graph, uint32_t step) {
    uint32_t in_count = graph->in_count[step];

    if (in_count < 2)
        return;
    switch (rand_below(graph->dice, 5)) {
    case 0:
        buf_add_text(graph->out, ",\"join\":\"ALL_TAKEN\"");
        return;
    case 1:
        buf_add_text(graph->out, ",\"join\":\"ANY\"");
        return;
    case 2:
        buf_printf(graph->out, ",\"join\":{\"policy\":\"N_OF_M\",\"n\":%u}",
                   1 + (uint32_t)rand_below(graph->dice, in_count));
        return;
    default:
        return;
    }
}

static void add_action(Graph *graph, uint32_t step) {
    buf_printf(graph->out,
               ",\"type\":\"ACTION\",\"integrationId\":\"test\",\"integrationActionId\":\"%s\"",
               chance(graph, 20) ? "once" : "call");
    buf_printf(graph->out, ",\"retry\":{\"maxAttempts\":%u,\"initialMs\":%u}",
               1 + (uint32_t)rand_below(graph->dice, 3), (uint32_t)rand_below(graph->dice, 2000));
    if (chance(graph, 15))
        buf_add_text(graph->out, ",\"timeoutMs\":15000");
    if (chance(graph, 10))
        buf_add_text(graph->out, ",\"queueTimeoutMs\":4000");
    if (chance(graph, 15))
        buf_add_text(graph->out, ",\"attemptTimeoutMs\":3000");
    if (chance(graph, 10))
        buf_add_text(graph->out, ",\"heartbeatTimeoutMs\":6000");
    add_edges(graph, step, ",\"nextSteps\":[", 25);
}

static void add_switch(Graph *graph, uint32_t step) {
    buf_printf(graph->out, ",\"type\":\"SWITCH\",\"config\":{\"mode\":\"%s\",\"cases\":[",
               chance(graph, 50) ? "ALL" : "FIRST");
    for (uint32_t i = 0; i < 2; i++) {
        buf_printf(graph->out, "%s{\"when\":\".input.q%u\"", i ? "," : "",
                   (step + i) % EXEC_GRAPH_STEPS_MAX);
        add_edges(graph, step, ",\"nextSteps\":[", 25);
        buf_add_char(graph->out, '}');
    }
    buf_add_char(graph->out, ']');
    add_edges(graph, step, ",\"defaultSteps\":[", 20);
    if (chance(graph, 60))
        buf_add_text(graph->out, ",\"noMatch\":\"END_BRANCH\"");
    buf_add_char(graph->out, '}');
}

static void add_type(Graph *graph, uint32_t step) {
    switch (graph->types[step]) {
    case GRAPH_ACTION:
        add_action(graph, step);
        return;
    case GRAPH_CONDITION:
        buf_printf(graph->out, ",\"type\":\"CONDITION\",\"condition\":\".input.q%u\"", step);
        add_edges(graph, step, ",\"nextSteps\":[", 30);
        add_edges(graph, step, ",\"elseSteps\":[", 30);
        return;
    case GRAPH_SWITCH:
        add_switch(graph, step);
        return;
    case GRAPH_TRANSFORM:
        buf_printf(graph->out, ",\"type\":\"TRANSFORM\",\"inputMappings\":{\"step\":%u}", step);
        add_edges(graph, step, ",\"nextSteps\":[", 25);
        return;
    case GRAPH_DELAY:
        buf_printf(graph->out, ",\"type\":\"DELAY\",\"config\":{\"forMs\":%u}",
                   (uint32_t)rand_below(graph->dice, 5) * 3000);
        add_edges(graph, step, ",\"nextSteps\":[", 25);
        return;
    case GRAPH_TERMINATE:
        buf_printf(graph->out, ",\"type\":\"TERMINATE\",\"config\":{\"status\":\"%s\"}",
                   chance(graph, 50) ? "COMPLETED" : "FAILED");
        return;
    }
}

static void add_step(Graph *graph, uint32_t step) {
    buf_printf(graph->out, "%s{\"id\":\"s%u\"", step ? "," : "", step);
    graph->types[step] = any_type(graph);
    add_type(graph, step);
    add_join(graph, step);
    if (graph->types[step] != GRAPH_TERMINATE)
        add_error_edges(graph, step);
    if (graph->types[step] != GRAPH_CONDITION && chance(graph, 15))
        buf_printf(graph->out, ",\"condition\":\".input.q%u\"", step);
    if (graph->types[step] == GRAPH_ACTION && chance(graph, 10))
        buf_add_text(graph->out, ",\"continueOnError\":true");
    if (chance(graph, 5))
        buf_add_text(graph->out, ",\"disabled\":true");
    buf_add_char(graph->out, '}');
}

static void add_settings(Graph *graph) {
    buf_printf(graph->out, "],\"settings\":{\"failFast\":%s", chance(graph, 40) ? "true" : "false");
    if (chance(graph, 10))
        buf_add_text(graph->out, ",\"timeoutMs\":20000");
    buf_add_text(graph->out, "}}");
}

void exec_graph_text(Rand *dice, Buf *definition) {
    Graph graph = {.dice = dice, .out = definition};

    graph.step_count = 2 + (uint32_t)rand_below(dice, EXEC_GRAPH_STEPS_MAX - 1);
    buf_add_text(definition, "{\"name\":\"graph\",\"steps\":[");
    for (uint32_t step = 0; step < graph.step_count; step++)
        add_step(&graph, step);
    add_settings(&graph);
}

/* Now and then an answer is no boolean: the step that asks then fails. */
void exec_graph_input(Rand *dice, Buf *input) {
    static const char *const answers[] = {"true", "false", "true", "false", "true",
                                          "true", "false", "true", "1"};

    for (uint32_t i = 0; i < EXEC_GRAPH_STEPS_MAX; i++)
        buf_printf(input, "%s\"q%u\":%s", i ? "," : "{", i,
                   answers[rand_below(dice, ARRAY_SIZE(answers))]);
    buf_add_char(input, '}');
}

static bool find_action(void *context, Str integration, Str action, PlanAction *ret_action) {
    (void)context;
    if (!str_is(integration, "test"))
        return false;
    *ret_action = (PlanAction){
        .worker_class = STR("http"),
        .idempotency = str_is(action, "once") ? IDEMPOTENCY_NONE : IDEMPOTENCY_KEY,
        .retry = retry_policy_default(),
    };
    return true;
}

const PlanCatalog *exec_graph_catalog(void) {
    static const PlanCatalog catalog = {.find = find_action};

    return &catalog;
}

Plan *exec_graph_plan(const char *definition) {
    _cleanup_(arena_done) Arena arena = {0};
    PlanProblems problems;
    Plan *plan = NULL;

    CHECK(plan_compile(str_of(definition), exec_graph_catalog(), &arena, &problems, &plan) == 0);
    return plan;
}
