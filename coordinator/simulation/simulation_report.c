/* The report of a simulation: what its rows say, in the order of their start. */

#include <stdlib.h>

#include "common/base/alloc.h"
#include "coordinator/simulation/simulation_private.h"

/* What a row says lives as long as its turn; the report longer. */
static ExecRow keep_row(const Simulation *simulation, const ExecRow *source) {
    ExecRow row = *source;

    row.input = str_copy(simulation->arena, source->input);
    row.output = str_copy(simulation->arena, source->output);
    row.error = str_copy(simulation->arena, source->error);
    return row;
}

void simulation_note(Simulation *simulation, const ExecRow *row) {
    SimulationStep *step = &simulation->steps[row->node];
    SimulationEntry *entry;

    if (simulation->entry_count == simulation->entry_capacity) {
        simulation->entry_capacity = MAX(16u, simulation->entry_capacity * 2);
        simulation->entries = alloc_again(simulation->entries,
                                          simulation->entry_capacity * sizeof *simulation->entries);
    }
    entry = &simulation->entries[simulation->entry_count++];
    entry->row = keep_row(simulation, row);
    entry->start_no = step->start_no ? step->start_no : ++simulation->start_count;
    entry->row.started_ms = step->start_no ? step->started_ms : row->completed_ms;
    step->start_no = 0;
}

static int compare_entries(const void *a, const void *b) {
    const SimulationEntry *first = a, *second = b;

    return (first->start_no > second->start_no) - (first->start_no < second->start_no);
}

/* JSON text of ours; none is null. */
static Json value_of(const Simulation *simulation, Str text) {
    Json value = json_null();

    if (text.length > 0)
        CHECK(json_parse(simulation->arena, text, JSON_LIMITS_DEFAULT, &value, NULL) == 0);
    return value;
}

static Json moment(const Simulation *simulation, int64_t at_ms) {
    return json_integer(simulation->arena, at_ms - simulation->order->begin_ms);
}

static Json entry_value(const Simulation *simulation, const ExecRow *row) {
    JsonObject value = {.arena = simulation->arena};
    const char *reason = step_reason_word(row->reason);

    json_add(&value, STR("stepId"),
             json_string_copy(simulation->arena, simulation->plan->nodes[row->node].id));
    json_add(&value, STR("scopePath"), json_string(STR("")));
    json_add(&value, STR("attempt"), json_integer(simulation->arena, row->attempt));
    json_add(&value, STR("stepStatus"), json_string(str_of(step_status_word(row->status))));
    json_add(&value, STR("reason"),
             row->reason == REASON_NONE ? json_null() : json_string(str_of(reason)));
    json_add(&value, STR("startedAtMs"), moment(simulation, row->started_ms));
    json_add(&value, STR("completedAtMs"), moment(simulation, row->completed_ms));
    json_add(&value, STR("input"), value_of(simulation, row->input));
    json_add(&value, STR("output"), value_of(simulation, row->output));
    json_add(&value, STR("error"), value_of(simulation, row->error));
    return json_object_done(&value);
}

Json simulation_report(const Simulation *simulation) {
    JsonObject report = {.arena = simulation->arena};
    JsonArray steps = {.arena = simulation->arena};

    qsort(simulation->entries, simulation->entry_count, sizeof *simulation->entries,
          compare_entries);
    for (uint32_t i = 0; i < simulation->entry_count; i++)
        json_push(&steps, entry_value(simulation, &simulation->entries[i].row));
    json_add(&report, STR("status"),
             json_string(str_of(execution_status_word(simulation->status))));
    json_add(&report, STR("output"), value_of(simulation, simulation->output));
    json_add(&report, STR("error"), value_of(simulation, simulation->error));
    json_add(&report, STR("virtualMs"), moment(simulation, simulation->now_ms));
    json_add(&report, STR("steps"), json_array_done(&steps));
    return json_object_done(&report);
}
