/*
 * What one record starts.
 *
 * Runs on: loop.
 */

#include "trigger-gateway/record.h"

#include <stdio.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/io/clock.h"
#include "common/io/log.h"
#include "trigger-gateway/fire/cloudevent.h"
#include "trigger-gateway/ports/metrics.h"

#define HEADERS_MAX 64             /* of a record, in a dead letter */
#define INSTANT_MS_MAX (1LL << 47) /* ids hold 48 bits of it */

struct Record {
    BusMessage message;
    Arena arena; /* of the current try */
    RecordPorts ports;
    RecordDoneFn done_fn;
    void *context;
    uint32_t pending;
    RecordFate fate;
    bool is_sending; /* still inside record_take() */
};

#define RECORD_FATE_WORD(name, word) [name] = word,

static const char *const fate_words[] = {RECORD_FATES(RECORD_FATE_WORD)};

const char *record_fate_word(RecordFate fate) {
    CHECK(fate < _RECORD_FATE_COUNT);
    return fate_words[fate];
}

Record *record_new(BusMessage *message) {
    Record *record = alloc_zero(sizeof *record);

    record->message = *message;
    return record;
}

Record *record_free(Record *record) {
    if (record == NULL)
        return NULL;
    bus_message_free(&record->message);
    arena_done(&record->arena);
    return alloc_free(record);
}

int64_t record_offset(const Record *record) {
    return record->message.offset;
}

/* Ends -------------------------------------------------------------------------------------- */

static void end_if_done(Record *record) {
    RecordFate fate = record->fate;
    RecordDoneFn done_fn = record->done_fn;

    if (record->pending > 0 || record->is_sending)
        return;
    arena_reset(&record->arena);
    done_fn(record->context, fate);
}

static void worsen(Record *record) {
    record->fate = RECORD_AGAIN;
}

/* Dead letters ------------------------------------------------------------------------------ */

static void letter_done(void *context, int r) {
    Record *record = context;

    record->pending--;
    if (r)
        worsen(record);
    end_if_done(record);
}

typedef struct LetterHeaders {
    BusHeader items[HEADERS_MAX];
    uint32_t count;
} LetterHeaders;

static void add_header(LetterHeaders *headers, const char *name, Str value) {
    if (headers->count < HEADERS_MAX)
        headers->items[headers->count++] = (BusHeader){str_of(name), value};
}

/* Why and whence first, then what the record had. */
static void bury(Record *record, const char *reason, Str detail) {
    const BusMessage *message = &record->message;
    Arena *arena = &record->arena;
    LetterHeaders headers = {.count = 0};
    PublishLetter letter = {.value = message->value, .key = message->key};

    add_header(&headers, "headrace-reason", str_of(reason));
    add_header(&headers, "headrace-detail", detail);
    add_header(&headers, "headrace-topic", message->topic);
    add_header(&headers, "headrace-partition", str_printf(arena, "%d", message->partition));
    add_header(&headers, "headrace-offset", str_printf(arena, "%lld", (long long)message->offset));
    add_header(&headers, "headrace-at-ms", str_printf(arena, "%lld", (long long)clock_now_ms()));
    add_header(&headers, "headrace-by", str_of(record->ports.instance));
    for (uint32_t i = 0; i < message->header_count; i++)
        add_header(&headers, str_c(arena, message->headers[i].name), message->headers[i].value);
    letter.headers = headers.items;
    letter.header_count = headers.count;
    record->fate = RECORD_DEAD;
    metric_add_label(record->ports.metrics, METRIC_DEAD_LETTERS, reason, 1);
    log_event(LOG_WARN, "record.dead", LOG_C("reason", reason), LOG_TEXT("topic", message->topic),
              LOG_INT("partition", message->partition), LOG_INT("offset", message->offset));
    if (publish_letter(record->ports.publisher, &letter, letter_done, record))
        worsen(record);
    else
        record->pending++;
}

/* Starts ------------------------------------------------------------------------------------ */

static void start_done(void *context, int r) {
    letter_done(context, r);
}

/* The record's own time, so that it has the same ids whenever it is read. */
static int64_t accepted_ms(const Record *record) {
    int64_t at_ms = record->message.timestamp_ms;

    return at_ms > 0 && at_ms < INSTANT_MS_MAX ? at_ms : 1;
}

static void start(Record *record, const TopicRule *rule, const CloudEvent *event) {
    TriggerEvent trigger = {
        .tenant = rule->tenant,
        .template_id = rule->template_id,
        .trigger = rule->trigger,
        .type = TRIGGER_EVENT,
        .event = event->key,
        .accepted_ms = accepted_ms(record),
        .scope = event->text,
        .traceparent = event->traceparent,
    };
    ExecutionOrigin origin = {
        .accepted_ms = trigger.accepted_ms,
        .tenant = trigger.tenant,
        .template_id = trigger.template_id,
        .trigger = trigger.trigger,
        .event = trigger.event,
    };
    int r;

    trigger.execution = execution_id(&origin);
    r = publish_start(record->ports.publisher, &trigger, start_done, record);
    if (r == PUBLISH_E_TOO_LARGE) {
        bury(record, "TOO_LARGE", STR("the event does not fit a message"));
    } else if (r) {
        worsen(record);
    } else {
        record->pending++;
        if (record->fate == RECORD_UNMATCHED)
            record->fate = RECORD_STARTED;
    }
}

static void tell_broken(const TopicRule *rule) {
    log_event(LOG_WARN, "filter.broken", LOG_ID("tenant", rule->tenant.uuid),
              LOG_ID("template", rule->template_id.uuid), LOG_TEXT("trigger", rule->trigger));
}

static void match(Record *record, TenantId tenant, const EventRecord *read,
                  const CloudEvent *event) {
    uint32_t count;
    const TopicRule *rules = catalog_topic_rules(record->ports.catalog, tenant, &count);

    for (uint32_t i = 0; i < count && record->fate != RECORD_AGAIN; i++) {
        switch (match_event(&rules[i].event, read, event, &record->arena)) {
        case MATCH_NO:
            break;
        case MATCH_YES:
            start(record, &rules[i], event);
            break;
        case MATCH_BROKEN:
            tell_broken(&rules[i]);
            break;
        }
    }
}

/* Taking ------------------------------------------------------------------------------------ */

static Fields fields_of(const BusMessage *message, Arena *arena) {
    Field *items = arena_alloc(arena, (message->header_count + 1) * sizeof *items);

    for (uint32_t i = 0; i < message->header_count; i++)
        items[i] = (Field){message->headers[i].name, message->headers[i].value};
    return (Fields){.items = items, .count = message->header_count};
}

static void send_all(Record *record) {
    const BusMessage *message = &record->message;
    EventRecord read = {
        .topic = message->topic,
        .partition = message->partition,
        .offset = message->offset,
        .timestamp_ms = message->timestamp_ms,
        .key = message->key,
        .value = message->value,
        .headers = fields_of(message, &record->arena),
    };
    CloudEvent event;
    TenantId tenant;
    Str why;
    int r;

    if (!catalog_is_usable(record->ports.catalog)) {
        worsen(record);
        return;
    }
    r = cloudevent_read(&read, &record->arena, &event, &why);
    if (r)
        bury(record, cloudevent_refusal_word(r), why);
    else if (!catalog_tenant(record->ports.catalog,
                             topics_find(record->ports.topics, message->topic), &tenant))
        bury(record, "NO_TENANT", STR("the topic's tenant does not exist or is not active"));
    else
        match(record, tenant, &read, &event);
}

void record_take(Record *record, const RecordPorts *ports, RecordDoneFn done_fn, void *context) {
    CHECK(record->pending == 0);
    record->ports = *ports;
    record->done_fn = done_fn;
    record->context = context;
    record->fate = RECORD_UNMATCHED;
    record->is_sending = true;
    send_all(record);
    record->is_sending = false;
    end_if_done(record);
}
