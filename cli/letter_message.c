/* A dead letter's bytes as a message. */

#include "cli/letter_message.h"

#include "common/io/clock.h"
#include "common/wire/wire.h"

/* ── parts ──────────────────────────────────────────────────────────────────────────────────── */

static void add(JsonObject *object, const char *name, Json value) {
    json_add(object, str_of(name), value);
}

static void add_word(JsonObject *object, const char *name, const char *word) {
    add(object, name, json_string(str_of(word)));
}

static void add_id(JsonObject *object, const char *name, Uuid uuid) {
    UuidText text = uuid_text(uuid);

    add(object, name, json_string_copy(object->arena, str_of(text.text)));
}

static void add_number(JsonObject *object, const char *name, int64_t number) {
    add(object, name, json_integer(object->arena, number));
}

static void add_moment(JsonObject *object, const char *name, int64_t at_ms) {
    if (at_ms != 0)
        add(object, name, json_string_copy(object->arena, str_of(clock_text(at_ms).text)));
}

/* Texts that people wrote: JSON as JSON, else as they are; nothing that is empty. */
static void add_text(JsonObject *object, const char *name, Str text) {
    Json value;

    if (text.length == 0)
        return;
    if (json_parse(object->arena, text, JSON_LIMITS_DEFAULT, &value, NULL) == 0)
        add(object, name, value);
    else
        add(object, name, json_string(str_is_utf8(text) ? text : STR("(no UTF-8)")));
}

/* ── events ─────────────────────────────────────────────────────────────────────────────────── */

static void add_trigger(JsonObject *object, const TriggerEvent *event) {
    add_word(object, "kind", "TRIGGER");
    add_id(object, "executionId", event->execution.uuid);
    add_id(object, "tenantId", event->tenant.uuid);
    add_id(object, "templateId", event->template_id.uuid);
    if (!uuid_is_zero(event->version.uuid))
        add_id(object, "versionId", event->version.uuid);
    add_word(object, "type", trigger_type_word(event->type));
    add_text(object, "triggerId", event->trigger);
    add_text(object, "eventId", event->event);
    add_moment(object, "acceptedAt", event->accepted_ms);
    add_text(object, "startedBy", event->started_by);
    add_text(object, "traceparent", event->traceparent);
    add_text(object, "scope", event->scope);
    add_text(object, "input", event->input);
}

static void add_command(JsonObject *object, const Command *command) {
    add_word(object, "kind", command_type_word(command->type));
    add_id(object, "executionId", command->execution.uuid);
    add_id(object, "tenantId", command->tenant.uuid);
    add_text(object, "requestId", command->request);
    add_text(object, "actor", command->actor);
    add_text(object, "reason", command->reason);
    add_moment(object, "at", command->at_ms);
}

static int read_event(const Letter *letter, JsonObject *object) {
    EngineEvent event;
    int r = wire_read_event(letter->value, object->arena, &event);

    if (r)
        return r;
    switch (event.type) {
    case ENGINE_EVENT_TRIGGER:
        add_trigger(object, &event.trigger);
        break;
    case ENGINE_EVENT_COMMAND:
        add_command(object, &event.command);
        break;
    }
    return 0;
}

/* ── results ────────────────────────────────────────────────────────────────────────────────── */

static Json outcome_json(const StepOutcome *outcome, Arena *arena) {
    JsonObject object = {.arena = arena};

    add_word(&object, "kind", outcome_kind_word(outcome->kind));
    add_number(&object, "index", outcome->index);
    add_number(&object, "node", outcome->node);
    add_number(&object, "visit", outcome->visit);
    add_number(&object, "attempt", outcome->attempt);
    if (outcome->kind == OUTCOME_ENDED) {
        add_word(&object, "stepStatus", step_status_word(outcome->status));
        add_word(&object, "effect", effect_word(outcome->effect));
        add(&object, "retryable", json_bool(outcome->retryable));
    }
    if (outcome->kind == OUTCOME_RELEASED)
        add_word(&object, "released", released_word(outcome->released));
    add_moment(&object, "startedAt", outcome->started_ms);
    add_moment(&object, "endedAt", outcome->ended_ms);
    add_text(&object, "input", outcome->input);
    add_text(&object, "output", outcome->output);
    add_text(&object, "error", outcome->error);
    return json_object_done(&object);
}

static int read_result(const Letter *letter, JsonObject *object) {
    JsonArray outcomes = {.arena = object->arena};
    StepResult result;
    int r = wire_read_result(letter->value, object->arena, &result);

    if (r)
        return r;
    add_word(object, "kind", "RESULT");
    add_id(object, "executionId", result.execution.uuid);
    add_text(object, "worker", result.worker);
    add_number(object, "chain", result.chain);
    add_number(object, "epoch", result.epoch);
    add_number(object, "dispatchNo", result.dispatch_no);
    for (uint32_t i = 0; i < result.outcome_count; i++)
        json_push(&outcomes, outcome_json(&result.outcomes[i], object->arena));
    add(object, "outcomes", json_array_done(&outcomes));
    return 0;
}

/* ── tasks ──────────────────────────────────────────────────────────────────────────────────── */

static int read_task(const Letter *letter, JsonObject *object) {
    StepTask task;
    int r = wire_read_task(letter->value, object->arena, &task);

    if (r)
        return r;
    add_word(object, "kind", "TASK");
    add_id(object, "executionId", task.execution.uuid);
    add_id(object, "tenantId", task.tenant.uuid);
    add_id(object, "templateId", task.template_id.uuid);
    add_id(object, "versionId", task.version.uuid);
    add_number(object, "versionNumber", task.version_number);
    add_number(object, "homePartition", task.home_partition);
    add_number(object, "node", task.node);
    add_number(object, "visit", task.visit);
    add_number(object, "attempt", task.attempt);
    add_number(object, "chain", task.chain);
    add_number(object, "epoch", task.epoch);
    add_number(object, "dispatchNo", task.dispatch_no);
    add_moment(object, "openedAt", task.opened_ms);
    add_moment(object, "startBy", task.start_by_ms);
    add_text(object, "input", task.input);
    return 0;
}

/* ── all ────────────────────────────────────────────────────────────────────────────────────── */

static const struct {
    const char *topic; /* or how it begins */
    int (*read)(const Letter *letter, JsonObject *object);
} topics[] = {
    {"headrace.events.v1",  read_event },
    {"headrace.results.v1", read_result},
    {"headrace.tasks.",     read_task  },
};

LetterMessage letter_message(const Letter *letter, Arena *arena) {
    JsonObject object = {.arena = arena};

    for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
        int r;

        if (!str_starts(letter->topic, str_of(topics[i].topic)))
            continue;
        r = topics[i].read(letter, &object);
        if (r)
            return (LetterMessage){json_null(), wire_refusal_word(r)};
        return (LetterMessage){json_object_done(&object), NULL};
    }
    return (LetterMessage){json_null(), NULL};
}
