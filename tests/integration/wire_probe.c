/*
 * Messages of our topics as lines of JSON, for tests in other languages.
 *
 *   wire_probe send BROKERS              lines in: {"topic", "partition", "kind", fields…}; answers
 *                                        {"topic", "partition", "offset"} for each one delivered
 *   wire_probe read BROKERS TOPIC KIND   lines out, from the oldest message on, until killed:
 *                                        {"partition", "offset", "kind", fields…}
 *   wire_probe hash                      the plan hash of the definition on standard input
 *
 * Kinds: task, result, trigger, command (of the events topic: event) and raw. Fields are those of
 * common/model/message.h; 64 bit numbers and hashes are texts. A raw message has "text". A trigger
 * without "execution" is given the one that its event has; what goes to the events topic goes to
 * the execution's home partition. The answer names the execution.
 */

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/io/bus.h"
#include "common/json/json.h"
#include "common/plan/plan.h"
#include "common/wire/wire.h"

typedef enum FieldType {
    FIELD_UUID,
    FIELD_U32,
    FIELD_U64,
    FIELD_I64,
    FIELD_STR,
    FIELD_BOOL,
    FIELD_STATUS,
    FIELD_KIND,
    FIELD_RELEASED,
    FIELD_EFFECT,
    FIELD_TRIGGER,
} FieldType;

typedef struct Field {
    const char *name;
    FieldType type;
    size_t place;
} Field;

#define TASK(field, type)                                                                          \
    { #field, FIELD_##type, offsetof(StepTask, field) }
static const Field task_fields[] = {
    TASK(execution, UUID),
    TASK(tenant, UUID),
    TASK(template_id, UUID),
    TASK(home_partition, U32),
    TASK(version, UUID),
    TASK(version_number, I64),
    TASK(plan_hash, U64),
    TASK(expr_rev, U32),
    TASK(vars_rev, U64),
    TASK(node, U32),
    TASK(scope, STR),
    TASK(visit, U32),
    TASK(attempt, U32),
    TASK(chain, U32),
    TASK(epoch, U32),
    TASK(dispatch_no, U32),
    TASK(chain_max, U32),
    TASK(visit_budget_ms, U32),
    TASK(opened_ms, I64),
    TASK(start_by_ms, I64),
    TASK(attempt_timeout_ms, U32),
    TASK(execution_started_ms, I64),
    TASK(execution_deadline_ms, I64),
    TASK(input, STR),
    TASK(traceparent, STR),
};

#define RESULT(field, type)                                                                        \
    { #field, FIELD_##type, offsetof(StepResult, field) }
static const Field result_fields[] = {
    RESULT(execution, UUID), RESULT(chain, U32), RESULT(run, U64),
    RESULT(worker, STR),     RESULT(epoch, U32), RESULT(dispatch_no, U32),
};

#define OUTCOME(field, type)                                                                       \
    { #field, FIELD_##type, offsetof(StepOutcome, field) }
static const Field outcome_fields[] = {
    OUTCOME(kind, KIND),          OUTCOME(index, U32),      OUTCOME(node, U32),
    OUTCOME(scope, STR),          OUTCOME(visit, U32),      OUTCOME(attempt, U32),
    OUTCOME(status, STATUS),      OUTCOME(outcome, STR),    OUTCOME(continues, BOOL),
    OUTCOME(released, RELEASED),  OUTCOME(effect, EFFECT),  OUTCOME(input, STR),
    OUTCOME(output, STR),         OUTCOME(error, STR),      OUTCOME(retryable, BOOL),
    OUTCOME(retry_after_ms, I64), OUTCOME(opened_ms, I64),  OUTCOME(started_ms, I64),
    OUTCOME(ended_ms, I64),       OUTCOME(connection, STR),
};

#define EVENT(field, type)                                                                         \
    { #field, FIELD_##type, offsetof(TriggerEvent, field) }
static const Field trigger_fields[] = {
    EVENT(tenant, UUID), EVENT(template_id, UUID), EVENT(trigger, STR),     EVENT(type, TRIGGER),
    EVENT(event, STR),   EVENT(execution, UUID),   EVENT(accepted_ms, I64), EVENT(scope, STR),
    EVENT(input, STR),   EVENT(traceparent, STR),  EVENT(version, UUID),    EVENT(started_by, STR),
};

#define COMMAND(field, type)                                                                       \
    { #field, FIELD_##type, offsetof(Command, field) }
static const Field command_fields[] = {
    COMMAND(tenant, UUID), COMMAND(execution, UUID), COMMAND(request, STR),
    COMMAND(reason, STR),  COMMAND(actor, STR),      COMMAND(at_ms, I64),
};

static Arena arena;

/* JSON to struct ----------------------------------------------------------------------------- */

static int64_t number_of(const Json *value) {
    int64_t number = 0;

    if (json_is(value, JSON_STRING))
        return (int64_t)strtoull(str_c(&arena, json_str(value)), NULL, 10);
    json_to_int64(value, &number);
    return number;
}

static int word_of(FieldType type, Str word) {
    union {
        StepStatus status;
        Released released;
        Effect effect;
        TriggerType trigger;
        int number;
    } found = {0};

    if (type == FIELD_STATUS)
        step_status_from_word(word, &found.status);
    else if (type == FIELD_RELEASED)
        released_from_word(word, &found.released);
    else if (type == FIELD_EFFECT)
        effect_from_word(word, &found.effect);
    else if (type == FIELD_TRIGGER)
        trigger_type_from_word(word, &found.trigger);
    for (int i = 0; type == FIELD_KIND && i < _OUTCOME_KIND_COUNT; i++) {
        if (str_is(word, outcome_kind_word((OutcomeKind)i)))
            found.number = i;
    }
    return found.number;
}

static void read_field(const Field *field, const Json *value, char *at) {
    switch (field->type) {
    case FIELD_UUID:
        uuid_from_text(json_str(value), (Uuid *)(void *)at);
        return;
    case FIELD_U32:
        *(uint32_t *)(void *)at = (uint32_t)number_of(value);
        return;
    case FIELD_U64:
    case FIELD_I64:
        *(int64_t *)(void *)at = number_of(value);
        return;
    case FIELD_STR:
        *(Str *)(void *)at = json_str(value);
        return;
    case FIELD_BOOL:
        *(bool *)(void *)at = json_is(value, JSON_TRUE);
        return;
    case FIELD_STATUS:
    case FIELD_KIND:
    case FIELD_RELEASED:
    case FIELD_EFFECT:
    case FIELD_TRIGGER:
        *(int *)(void *)at = word_of(field->type, json_str(value));
        return;
    }
}

static void read_fields(const Field *fields, size_t count, const Json *line, void *target) {
    for (size_t i = 0; i < count; i++) {
        const Json *value = json_member(line, str_of(fields[i].name));

        if (value != NULL)
            read_field(&fields[i], value, (char *)target + fields[i].place);
    }
}

#define READ(fields, line, target) read_fields((fields), ARRAY_SIZE(fields), (line), (target))

static void write_result(Buf *buf, const Json *line) {
    const Json *list = json_member(line, STR("outcomes"));
    uint32_t count = json_is(list, JSON_ARRAY) ? list->count : 0;
    StepOutcome *outcomes = arena_zero(&arena, (count + 1) * sizeof *outcomes);
    StepResult result = {.outcomes = outcomes, .outcome_count = count};

    READ(result_fields, line, &result);
    for (uint32_t i = 0; i < count; i++)
        READ(outcome_fields, json_at(list, i), &outcomes[i]);
    wire_write_result(buf, &result);
}

static void name_execution(TriggerEvent *event) {
    if (uuid_is_zero(event->execution.uuid))
        event->execution = execution_id(&(ExecutionOrigin){
            .accepted_ms = event->accepted_ms,
            .tenant = event->tenant,
            .template_id = event->template_id,
            .trigger = event->trigger.length ? event->trigger : STR("manual"),
            .event = event->event,
        });
}

/* Answers the execution that it is about. */
static ExecutionId write_message(Buf *buf, Str kind, const Json *line) {
    StepTask task = {.chain_max = 1};
    EngineEvent event = {.type = ENGINE_EVENT_TRIGGER};

    if (str_is(kind, "task")) {
        READ(task_fields, line, &task);
        wire_write_task(buf, &task);
        return task.execution;
    } else if (str_is(kind, "result")) {
        write_result(buf, line);
    } else if (str_is(kind, "trigger")) {
        READ(trigger_fields, line, &event.trigger);
        name_execution(&event.trigger);
        wire_write_event(buf, &event);
        return event.trigger.execution;
    } else if (str_is(kind, "command")) {
        event.type = ENGINE_EVENT_COMMAND;
        READ(command_fields, line, &event.command);
        wire_write_event(buf, &event);
        return event.command.execution;
    } else {
        buf_add_str(buf, json_str(json_member(line, STR("text"))));
    }
    return (ExecutionId){0};
}

static void delivered(void *owner, const BusReport *report) {
    (void)owner;
    if (report->r)
        printf("{\"refused\":\"%s\"}\n", bus_refusal_word(report->r));
    else
        printf("{\"topic\":\"%s\",\"partition\":%d,\"offset\":%lld,\"execution\":\"%s\"}\n",
               report->topic, report->partition, (long long)report->offset,
               uuid_text(*(const Uuid *)report->context).text);
}

static int32_t home_of(BusProducer *producer, const char *topic, ExecutionId execution) {
    uint32_t count = 0;

    if (strcmp(topic, "headrace.events.v1") != 0 ||
        bus_partition_count(producer, topic, 30000, &count))
        return -1;
    return (int32_t)wire_home_partition(execution, count);
}

static void send_line(BusProducer *producer, Str text) {
    _cleanup_(buf_done) Buf bytes = {0};
    const Json *partition;
    ExecutionId execution;
    const char *topic;
    Json line;
    int r;

    if (json_parse(&arena, text, JSON_LIMITS_DEFAULT, &line, NULL)) {
        printf("{\"refused\":\"no JSON\"}\n");
        return;
    }
    partition = json_member(&line, STR("partition"));
    topic = str_c(&arena, json_str(json_member(&line, STR("topic"))));
    execution = write_message(&bytes, json_str(json_member(&line, STR("kind"))), &line);
    r = bus_produce(producer, &(BusOutgoing){
                                  .topic = topic,
                                  .partition = partition ? (int32_t)number_of(partition)
                                                         : home_of(producer, topic, execution),
                                  .value = buf_str(&bytes),
                                  .context = arena_copy(&arena, &execution, sizeof execution),
                              });
    if (r)
        printf("{\"refused\":\"%s\"}\n", bus_refusal_word(r));
}

static int send_lines(const char *brokers) {
    BusProducer *producer;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;

    CHECK(bus_producer_open(&(BusSettings){.brokers = brokers, .client_id = "wire-probe"},
                            &producer) == 0);
    bus_producer_on_report(producer, delivered, NULL);
    while ((length = getline(&line, &capacity, stdin)) > 0) {
        send_line(producer, str_from(line, (size_t)length));
        bus_producer_flush(producer, 30000);
        arena_reset(&arena);
    }
    free(line);
    bus_producer_close(producer);
    return 0;
}

/* Struct to JSON ----------------------------------------------------------------------------- */

static const char *word_at(FieldType type, const char *at) {
    int number = *(const int *)(const void *)at;

    if (type == FIELD_STATUS)
        return step_status_word((StepStatus)number);
    if (type == FIELD_RELEASED)
        return released_word((Released)number);
    if (type == FIELD_EFFECT)
        return effect_word((Effect)number);
    return type == FIELD_TRIGGER ? trigger_type_word((TriggerType)number)
                                 : outcome_kind_word((OutcomeKind)number);
}

static void show_value(Buf *buf, const Field *field, const char *at) {
    switch (field->type) {
    case FIELD_UUID:
        buf_printf(buf, "\"%s\"", uuid_text(*(const Uuid *)(const void *)at).text);
        return;
    case FIELD_U32:
        buf_printf(buf, "%u", *(const uint32_t *)(const void *)at);
        return;
    case FIELD_U64:
        buf_printf(buf, "\"%llu\"", *(const unsigned long long *)(const void *)at);
        return;
    case FIELD_I64:
        buf_printf(buf, "%lld", *(const long long *)(const void *)at);
        return;
    case FIELD_STR:
        json_write_string(buf, *(const Str *)(const void *)at);
        return;
    case FIELD_BOOL:
        buf_add_text(buf, *(const bool *)(const void *)at ? "true" : "false");
        return;
    case FIELD_STATUS:
    case FIELD_KIND:
    case FIELD_RELEASED:
    case FIELD_EFFECT:
    case FIELD_TRIGGER:
        buf_printf(buf, "\"%s\"", word_at(field->type, at));
        return;
    }
}

static void show_fields(Buf *buf, const Field *fields, size_t count, const void *source) {
    for (size_t i = 0; i < count; i++) {
        buf_printf(buf, "%s\"%s\":", i ? "," : "", fields[i].name);
        show_value(buf, &fields[i], (const char *)source + fields[i].place);
    }
}

#define SHOW(buf, fields, source) show_fields((buf), (fields), ARRAY_SIZE(fields), (source))

static void show_result(Buf *buf, const StepResult *result) {
    buf_add_text(buf, ",\"kind\":\"result\",");
    SHOW(buf, result_fields, result);
    buf_add_text(buf, ",\"outcomes\":[");
    for (uint32_t i = 0; i < result->outcome_count; i++) {
        buf_add_text(buf, i ? ",{" : "{");
        SHOW(buf, outcome_fields, &result->outcomes[i]);
        buf_add_char(buf, '}');
    }
    buf_add_char(buf, ']');
}

static int show_message(Buf *buf, const char *kind, Str bytes) {
    StepTask task;
    StepResult result;
    EngineEvent event;
    int r = 0;

    if (strcmp(kind, "task") == 0 && (r = wire_read_task(bytes, &arena, &task)) == 0) {
        buf_add_text(buf, ",\"kind\":\"task\",");
        SHOW(buf, task_fields, &task);
    } else if (strcmp(kind, "result") == 0 && (r = wire_read_result(bytes, &arena, &result)) == 0) {
        show_result(buf, &result);
    } else if (strcmp(kind, "event") == 0 && (r = wire_read_event(bytes, &arena, &event)) == 0) {
        bool is_trigger = event.type == ENGINE_EVENT_TRIGGER;

        buf_printf(buf, ",\"kind\":\"%s\",", is_trigger ? "trigger" : "command");
        if (is_trigger)
            SHOW(buf, trigger_fields, &event.trigger);
        else
            SHOW(buf, command_fields, &event.command);
    } else if (r == 0) {
        buf_add_text(buf, ",\"kind\":\"raw\",\"text\":");
        json_write_string(buf, bytes);
    }
    return r;
}

static void show(const char *kind, const BusMessage *message) {
    _cleanup_(buf_done) Buf buf = {0};
    int r;

    buf_printf(&buf, "{\"partition\":%d,\"offset\":%lld", message->partition,
               (long long)message->offset);
    r = show_message(&buf, kind, message->value);
    if (r)
        buf_printf(&buf, ",\"kind\":\"broken\",\"why\":\"%s\"", wire_refusal_word(r));
    buf_add_text(&buf, ",\"headers\":{");
    for (uint32_t i = 0; i < message->header_count; i++) {
        buf_add_text(&buf, i ? "," : "");
        json_write_string(&buf, message->headers[i].name);
        buf_add_char(&buf, ':');
        json_write_string(&buf, message->headers[i].value);
    }
    buf_add_text(&buf, "}}");
    puts(buf.data);
    arena_reset(&arena);
}

static int read_topic(const char *brokers, const char *topic, const char *kind) {
    BusSettings settings = {.brokers = brokers, .client_id = "wire-probe"};
    struct pollfd reader = {.fd = STDOUT_FILENO};
    BusProducer *asker;
    BusConsumer *consumer;
    uint32_t count = 0;

    CHECK(bus_producer_open(&settings, &asker) == 0);
    CHECK(bus_partition_count(asker, topic, 30000, &count) == 0);
    CHECK(bus_consumer_open(&settings, &consumer) == 0);
    for (uint32_t i = 0; i < count; i++)
        CHECK(bus_assign(consumer, topic, (int32_t)i, BUS_OFFSET_BEGINNING) == 0);
    /* Nobody reads our lines any more: the test is over. */
    while (poll(&reader, 1, 0) == 0 || !(reader.revents & (POLLERR | POLLHUP))) {
        BusMessage message;
        int r = bus_poll(consumer, 200, &message);

        if (r == 0)
            show(kind, &message);
        bus_message_free(&message);
    }
    bus_consumer_close(consumer);
    bus_producer_close(asker);
    return 0;
}

static int show_hash(void) {
    _cleanup_(buf_done) Buf text = {0};
    PlanProblems problems;
    Plan *plan;
    int c;

    while ((c = getchar()) != EOF)
        buf_add_char(&text, (char)c);
    if (plan_compile(buf_str(&text), NULL, &arena, &problems, &plan))
        return 1;
    printf("%llu\n", (unsigned long long)plan->hash);
    plan_free(plan);
    return 0;
}

int main(int argc, char **argv) {
    int r = 2;

    setvbuf(stdout, NULL, _IOLBF, 0);
    arena_init(&arena, 0);
    if (argc == 3 && strcmp(argv[1], "send") == 0)
        r = send_lines(argv[2]);
    else if (argc == 5 && strcmp(argv[1], "read") == 0)
        r = read_topic(argv[2], argv[3], argv[4]);
    else if (argc == 2 && strcmp(argv[1], "hash") == 0)
        r = show_hash();
    else
        fprintf(stderr, "usage: wire_probe send BROKERS | read BROKERS TOPIC KIND | hash\n");
    arena_done(&arena);
    return r;
}
